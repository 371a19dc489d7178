import pytest

from imaging.patient_match import Differs, Identity, Match, SeveralPatients, compare, same_name, same_patient

ANA = Identity("Rivera^Ana", "1971-03-04", "F", "MRN-7")


@pytest.mark.parametrize(("one", "other"), [
    ("Rivera^Ana", "RIVERA^ANA"), ("Rivera^Ana", "Ana Rivera"), ("Rivera^Ana", "Rivera, Ana"),
    ("Núñez^José", "NUNEZ^JOSE"), ("Rivera^Ana^Maria", "Rivera^Ana"), ("Rivera^Ana^^Dr", "Rivera^Ana"),
    ("O'Brien^Sean", "OBrien^Sean"), ("Meyer-Ross^Eva", "MEYERROSS^EVA"), ("Weiß^Uwe", "WEISS^UWE"),
    ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田^太郎"),
])
def test_one_name_is_known_in_many_spellings(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(("one", "other"), [
    ("Rivera^Ana", "Rivera^Anna"), ("Rivera^Ana", "Rivera"), ("Rivera^Ana", "Ruiz^Ana"), ("", "Rivera^Ana"),
    ("Lee^Kim^Ann", "Lee^Kim^Sue"),
])
def test_other_names_are_other_names(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_the_case_s_patient_matches() -> None:
    assert compare([ANA, ANA], Identity("rivera^ana", "1971-03-04", "F", "mrn 7")) == Match(ANA)


def test_each_field_that_differs_is_named_with_both_values() -> None:
    verdict = compare([ANA], Identity("Ribera^Ana", "1971-04-03", "M", "X-9"))
    assert isinstance(verdict, Differs)
    assert [(one.field, one.found, one.expected) for one in verdict.differences] == [
        ("name", "Rivera^Ana", "Ribera^Ana"), ("birth date", "1971-03-04", "1971-04-03"), ("sex", "F", "M"),
        ("patient ID", "MRN-7", "X-9"),
    ]


def test_a_header_without_a_name_is_asked_about() -> None:
    verdict = compare([Identity(patient_id="MRN-7")], ANA)
    assert isinstance(verdict, Differs)
    assert [one.field for one in verdict.differences] == ["name"]


def test_a_case_without_a_name_is_asked_about() -> None:
    assert isinstance(compare([ANA], Identity()), Differs)


def test_what_only_one_side_says_is_no_difference() -> None:
    assert compare([Identity("Rivera^Ana")], ANA) == Match(Identity("Rivera^Ana"))


def test_two_patients_on_one_disc_are_both_shown() -> None:
    other = Identity("Okafor^Ben", "1950-01-01", "M", "MRN-8")
    assert compare([ANA, other, ANA], ANA) == SeveralPatients((ANA, other))


@pytest.mark.parametrize(("one", "other"), [
    (ANA, Identity("Rivera^Ana", "1971-03-05", "F", "MRN-7")),
    (ANA, Identity("Rivera^Ana", "1971-03-04", "M", "MRN-7")),
    (Identity("Rivera^Ana", patient_id="MRN-7"), Identity("Rivera^Ana", patient_id="MRN-8")),
    (ANA, Identity("Okafor^Ben", patient_id="MRN-7")),
    (Identity(patient_id="MRN-7"), Identity(patient_id="MRN-8")),
])
def test_what_tells_two_patients_apart(one: Identity, other: Identity) -> None:
    assert not same_patient(one, other)
    assert not same_patient(other, one)


def test_one_patient_with_numbers_of_two_hospitals_is_one() -> None:
    assert same_patient(ANA, Identity("RIVERA^ANA", "1971-03-04", "", "H2-19"))


def test_a_new_surname_under_one_number_and_birth_date_is_one_patient() -> None:
    assert same_patient(ANA, Identity("Schmidt^Ana", "1971-03-04", "F", "MRN-7"))


def test_nobody_named_is_no_contradiction() -> None:
    assert compare([], ANA) == Match(None)
