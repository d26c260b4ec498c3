"""Where the tests' own cluster stands."""

from __future__ import annotations

import os

from harness import memory


class TestPlace:
    def test_stands_on_disk_where_there_is_no_room(self, monkeypatch, tmp_path):
        monkeypatch.setattr(memory, "SHARED", tmp_path)
        monkeypatch.setattr(memory, "ROOM", 2**62)

        found = memory.place(checkout=tmp_path / "checkout", otherwise=tmp_path / "disk")

        assert found == tmp_path / "disk"
        assert list(tmp_path.iterdir()) == []

    def test_stands_in_memory_where_there_is_and_is_found_again(self, monkeypatch, tmp_path):
        monkeypatch.setattr(memory, "SHARED", tmp_path)
        monkeypatch.setattr(memory, "ROOM", 0)
        (checkout := tmp_path / "checkout").mkdir()
        first = memory.place(checkout=checkout, otherwise=tmp_path / "disk")
        monkeypatch.setattr(memory, "ROOM", 2**62)

        again = memory.place(checkout=checkout, otherwise=tmp_path / "disk")

        assert again == first
        assert first.parent.parent == tmp_path


class TestForgetLost:
    def test_removes_the_clusters_of_checkouts_that_are_gone(self, tmp_path):
        (here := tmp_path / "here").mkdir()
        for name, checkout in (("kept", here), ("lost", tmp_path / "gone")):
            folder = tmp_path / f"gridhall-test-{os.getuid()}-{name}"
            (folder / "postgres").mkdir(parents=True)
            (folder / "checkout").write_text(str(checkout))

        memory.forget_lost(folder=tmp_path)

        assert sorted(each.name for each in tmp_path.glob("gridhall-*")) == [f"gridhall-test-{os.getuid()}-kept"]
