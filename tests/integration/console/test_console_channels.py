"""Gas, heat and water in the console: a channel is added, and factors say what its litres stand for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tenants.metering.models import Channel, ChannelFactor, Register

BASE = "/console/customers/-/supply-points/P1/-/channels/"
GAS = {"register": "V1", "energy": "gas", "kind": "consumption", "unit": "L", "minutes": "60"}


@pytest.fixture
def gas(admin, household, in_alder):
    assert admin.post(f"{BASE}add/", GAS).status_code == 302
    return Channel.objects.get(register_code="V1")


class TestChannels:
    def test_are_added_with_their_energy(self, gas):
        kept = (gas.energy, gas.unit, gas.interval_minutes, gas.recording_zone)
        assert kept == ("gas", "L", 60, "Asia/Shanghai")

    def test_are_added_once(self, admin, gas):
        assert admin.post(f"{BASE}add/", GAS).status_code == 302
        assert Channel.objects.filter(register_code="V1").count() == 1

    @pytest.mark.parametrize(
        "said", [{"energy": "electricity"}, {"unit": "varh"}, {"register": "E1"}, {"minutes": "7"}, {"kind": "feed_in"}]
    )
    def test_that_do_not_fit_together_are_refused(self, admin, household, in_alder, said):
        sent = admin.post(f"{BASE}add/", GAS | said)

        assert (sent.status_code, Channel.objects.count()) == (422, 1)

    def test_stand_at_their_supply_point(self, admin, gas):
        page = admin.get("/console/customers/-/supply-points/P1/").content.decode()

        assert f"{BASE}{gas.pk}/" in page

    def test_show_that_their_heat_is_not_known(self, admin, gas):
        page = admin.get(f"{BASE}{gas.pk}/").content.decode()

        assert "Bills over these days wait" in page

    def test_of_electricity_have_no_factors(self, admin, household, in_alder):
        channel = Channel.objects.get()

        page = admin.get(f"{BASE}{channel.pk}/").content.decode()

        assert "What a cubic metre stands for" not in page


class TestFactors:
    def test_hold_from_a_day_on(self, admin, gas):
        for value, since in (("11.2005", "2026-01-01"), ("10.9", "2026-01-16")):
            said = {"kind": "energy_content", "value": value, "since": since}
            assert admin.post(f"{BASE}{gas.pk}/factor/", said).status_code == 302

        held = ChannelFactor.objects.order_by("period").values_list("numerator", "period")
        assert [(value, str(period.upper)) for value, period in held] == [
            (Decimal("11.2005"), "2026-01-16"),
            (Decimal("10.9"), "None"),
        ]
        assert "10.900000" in admin.get(f"{BASE}{gas.pk}/").content.decode()

    @pytest.mark.parametrize(
        "said",
        [{"value": "0"}, {"value": "-1"}, {"value": "NaN"}, {"value": "1e400"}, {"since": "soon"}, {"kind": "ct"}],
    )
    def test_that_are_no_factors_are_refused(self, admin, gas, said):
        sent = admin.post(
            f"{BASE}{gas.pk}/factor/", {"kind": "energy_content", "value": "11", "since": "2026-01-01"} | said
        )

        assert (sent.status_code, ChannelFactor.objects.count()) == (422, 0)

    def test_of_another_point_or_company_are_not_reached(self, admin, stranger, gas):
        said = {"kind": "energy_content", "value": "11", "since": "2026-01-01"}

        other = admin.post(BASE.replace("P1", "P9") + f"{gas.pk}/factor/", said)
        foreign = stranger.post(f"{BASE}{gas.pk}/factor/", said)

        assert (other.status_code, foreign.status_code, ChannelFactor.objects.count()) == (404, 404, 0)


class TestRegistersOfVolumes:
    SAID = {"on": "2026-01-01", "serial": "G7", "code": "1", "kind": "consumption", "unit": "m3", "digits": "6"}
    INSTALL = "/console/customers/-/supply-points/P1/-/registers/install/"

    def test_are_installed_with_energy_and_factors(self, admin, household, in_alder):
        said = self.SAID | {"decimals": "0", "shows": "7", "energy": "gas", "energy_content": "11.2"}

        sent = admin.post(self.INSTALL, said | {"volume_correction": "0.96", "ct": "", "pt": ""})

        register = Register.objects.get()
        assert (sent.status_code, register.energy) == (302, "gas")
        assert sorted(register.factors.values_list("kind", "numerator")) == [
            ("energy_content", Decimal("11.2")),
            ("volume_correction", Decimal("0.96")),
        ]

    def test_that_name_no_energy_are_refused(self, admin, household, in_alder):
        sent = admin.post(self.INSTALL, self.SAID | {"decimals": "0", "shows": "7", "energy": "electricity"})

        assert sent.status_code == 422
