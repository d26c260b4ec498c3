"""The small machines behind the pages: languages, tables, components, catalogues, the stylesheet."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polib
import pytest
from django import forms
from django.core.management import call_command
from django.core.management.base import CommandError
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from portal.shared import catalogues, context, icons, languages, stylesheet, tables, views
from portal.shared.middleware import LanguageMiddleware

OFFERED = ["zh-hans", "en"]


def rendered(source: str, **values: Any) -> str:
    return Template("{% load gridhall %}" + source).render(Context(values))


class TestLanguage:
    @pytest.mark.parametrize(
        ("wanted", "accept", "expected"),
        [
            ("en", "zh-CN,zh;q=0.9", "en"),
            (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
            (None, "fr-FR,en-AU;q=0.7,zh;q=0.5", "en"),
            (None, "fr", "zh-hans"),
            (None, "", "zh-hans"),
            ("de", "en", "en"),
            (None, "zh;q=0,en;q=0.1", "en"),
            (None, "en;q=x,zh;q=0.2", "zh-hans"),
        ],
    )
    def test_follows_the_person_then_the_browser_then_the_company(
        self, wanted: str | None, accept: str, expected: str
    ) -> None:
        assert languages.choose(wanted=wanted, accept=accept, offered=OFFERED, default="zh-hans") == expected

    def test_is_limited_to_what_the_company_offers(self) -> None:
        request = RequestFactory().get("/", HTTP_ACCEPT_LANGUAGE="zh-CN")
        request.retailer = SimpleNamespace(languages=["en"], default_language="en", market="au")  # type: ignore[attr-defined]
        seen = []

        def answer(_request: Any) -> Any:
            seen.append(translation.get_language())
            return views.HttpResponse()

        response = LanguageMiddleware(answer)(request)

        assert seen == ["en"]
        assert response.headers["Content-Language"] == "en"

    def test_a_request_without_company_still_has_a_frame(self) -> None:
        frame = context.frame(RequestFactory().get("/"))["frame"]

        assert frame.brand.name == "Gridhall"
        assert [code for code, _ in frame.languages] == OFFERED


class TestPreferences:
    def test_a_foreign_address_is_not_returned_to(self) -> None:
        request = RequestFactory().post("/preferences/theme", {"theme": "dark", "next": "https://evil.example/"})

        response = views.set_theme(request)

        assert response.headers["Location"] == "/"
        assert response.cookies[context.THEME_COOKIE].value == "dark"

    def test_a_language_that_is_not_offered_changes_nothing(self) -> None:
        response = views.set_language(RequestFactory().post("/preferences/language", {"language": "fr", "next": "/a"}))

        assert response.headers["Location"] == "/a"
        assert not response.cookies


class TestTable:
    COLUMNS = (tables.Column("name", "Name", sort="name", primary=True), tables.Column("total", "Total", kind="money"))

    def test_sorts_and_pages_a_list(self) -> None:
        rows = [{"name": n} for n in "bca"]
        table = tables.paged(RequestFactory().get("/?sort=-name&page=2&q=x"), rows, self.COLUMNS, size=2)

        assert [row["name"] for row in table] == ["a"]
        assert [(h.url, h.direction) for h in table.headings] == [("?sort=name&q=x", "descending"), ("", "none")]

    def test_a_column_that_does_not_sort_is_not_sorted_by(self) -> None:
        assert tables.sort_key(RequestFactory().get("/?sort=password"), self.COLUMNS, "name") == "name"

    def test_cells_know_their_column(self) -> None:
        table = tables.Table(self.COLUMNS, [1])
        html = rendered(
            '{% component "table" table=table %}<tr>{% cell "name" %}A{% endcell %}'
            '{% cell "total" %}1{% endcell %}</tr>{% endcomponent %}',
            table=table,
        )

        assert '<th scope="row" class="g-primary" data-label="Name">A</th>' in html
        assert '<td class="g-number" data-label="Total">1</td>' in html

    def test_an_empty_table_says_so(self) -> None:
        html = rendered('{% component "table" table=table %}{% endcomponent %}', table=tables.Table(self.COLUMNS, []))

        assert "Nothing here" in html


class TestComponents:
    def test_slots_and_body_are_placed(self) -> None:
        html = rendered(
            '{% component "card" title="T" %}{% slot actions %}<a>go</a>{% endslot %}<p>body</p>{% endcomponent %}'
        )

        assert html.index("T</h2>") < html.index("<a>go</a>") < html.index("<p>body</p>")

    def test_a_component_sees_nothing_of_the_page_but_its_arguments(self) -> None:
        assert "secret" not in rendered('{% component "card" %}x{% endcomponent %}', title="secret")

    def test_arguments_are_escaped(self) -> None:
        html = rendered('{% ui "notice" title=title text=title %}', title="<script>")

        assert "<script>" not in html

    def test_a_text_can_be_translated_in_place(self) -> None:
        source = '{% ui "button" label=_("Back to sign in") %}'

        with translation.override("zh-hans"):
            html = rendered(source)

        assert "返回登录" in html
        assert [text.msgid for text in catalogues.texts_of(source, template=True)] == ["Back to sign in"]

    def test_attribute_arguments_become_attributes(self) -> None:
        html = rendered('{% ui "button" label="Go" hx_get="/x" hx_target="#y" data_a=None %}')

        assert 'hx-get="/x" hx-target="#y"' in html
        assert "data-a" not in html

    @pytest.mark.parametrize(
        "source", ["{% ui %}", '{% ui "card" title %}', "{% slot %}{% endslot %}", "{% slot a %}{% endslot %}"]
    )
    def test_a_mistake_is_told(self, source: str) -> None:
        with pytest.raises(TemplateSyntaxError):
            rendered(source)

    def test_an_unknown_icon_names_the_known_ones(self) -> None:
        with pytest.raises(ValueError, match="arrow-down"):
            icons.icon("nothing")

    def test_a_field_ties_label_help_and_error_together(self) -> None:
        class Sample(forms.Form):
            total = forms.DecimalField(label="Total", help_text="In kWh.")

        html = rendered("{% field form.total %}", form=Sample({"total": "x"}))

        assert '<label for="id_total"' in html
        assert 'aria-describedby="id_total_help id_total_error"' in html
        assert 'aria-invalid="true"' in html
        assert 'id="id_total_error"' in html
        assert "g-input-number" in html

    def test_json_is_marked_and_escaped(self) -> None:
        html = rendered("{{ data|pretty_json }}", data={"a": ["<b>", 1.5, None]})

        assert '<span class="g-json-key">&quot;a&quot;</span>' in html
        assert "&lt;b&gt;" in html
        assert '<span class="g-json-number">1.5</span>' in html


class TestStylesheet:
    def test_light_dark_becomes_two_switches(self) -> None:
        css = stylesheet.lowered("a{color:light-dark(#fff, rgb(0 0 0 / .5));b:light-dark(red,var(--x, y))}")

        assert "light-dark" not in css
        assert "a{color:var(--is-light,#fff) var(--is-dark,rgb(0 0 0 / .5));" in css
        assert "b:var(--is-light,red) var(--is-dark,var(--x, y))}" in css

    def test_an_open_bracket_is_refused(self) -> None:
        with pytest.raises(ValueError, match="light-dark"):
            stylesheet.lowered("a{color:light-dark(#fff, #000")


class TestCatalogues:
    @pytest.fixture
    def room(self, tmp_path: Path) -> Path:
        (tmp_path / "templates").mkdir()
        (tmp_path / "views.py").write_text(
            'from x import gettext as _, ngettext\n_("Bill")\nngettext("%(n)s bill", "%(n)s bills", 2)\n'
        )
        (tmp_path / "templates" / "a.html").write_text(
            '{% load i18n %}<p>\n  {% translate "Bill" %}\n'
            "{% blocktranslate %}Hello {{ name }}, 5%{% endblocktranslate %}"
        )
        return tmp_path

    def test_texts_come_from_code_and_templates(self, room: Path) -> None:
        texts = catalogues.collect(room)

        assert sorted(msgid for _, msgid in texts) == ["%(n)s bill", "Bill", "Hello %(name)s, 5%%"]
        assert texts["", "Bill"].files == {"views.py", "templates/a.html"}
        assert texts["", "%(n)s bill"].plural == "%(n)s bills"

    def test_what_was_translated_stays(self, room: Path) -> None:
        path = room / "django.po"
        catalogues.merge(path, catalogues.collect(room), {("", "Bill"): "账单"}).save(str(path))
        (room / "views.py").write_text("")

        again = catalogues.merge(path, catalogues.collect(room), {})

        assert [(e.msgid, e.msgstr) for e in again if not e.obsolete] == [("Bill", "账单"), ("Hello %(name)s, 5%%", "")]

    def test_faults_tell_what_is_missing_or_lost(self, room: Path) -> None:
        path = room / "django.po"
        texts = catalogues.collect(room)
        catalogue = catalogues.merge(path, texts, {("", "Bill"): "账单", ("", "%(n)s bill"): "账单"})
        catalogue.remove(catalogue.find("Bill"))
        catalogue.save(str(path))

        assert list(catalogues.faults(path, texts)) == [
            "other places to fill in: '%(n)s bill' → '账单'",
            "missing: 'Bill'",
            "untranslated: 'Hello %(name)s, 5%%'",
        ]

    def test_a_catalogue_is_compiled_without_gettext(self, room: Path) -> None:
        path = room / "django.po"
        catalogues.merge(path, catalogues.collect(room), {("", "Bill"): "账单"}).save(str(path))

        catalogues.compile_catalogue(path)

        assert polib.mofile(str(path.with_suffix(".mo"))).find("Bill").msgstr == "账单"

    def test_the_shared_parts_are_fully_translated(self) -> None:
        try:
            call_command("messages", "portal/shared", "--check", verbosity=0)
        except CommandError as error:
            pytest.fail(str(error))
