"""What the fields of work of authorities are called; the register knows them by id."""

from __future__ import annotations

from imi_tui.i18n import N_, _

FIELDS: dict[str, str] = {
    # Translators: a field of work of an authority.
    "labour-inspection": N_("Labour inspection"),
    # Translators: a field of work of an authority.
    "posting": N_("Posting of workers"),
    # Translators: a field of work of an authority.
    "undeclared-work": N_("Customs and undeclared work"),
    # Translators: a field of work of an authority.
    "social-insurance": N_("Social insurance"),
    # Translators: a field of work of an authority.
    "working-conditions": N_("Working conditions"),
    # Translators: a field of work of an authority.
    "health-safety": N_("Health and safety at work"),
    # Translators: a field of work of an authority.
    "construction": N_("Construction industry"),
    # Translators: a field of work of an authority.
    "temp-agency": N_("Temporary agency work"),
    # Translators: a field of work of an authority.
    "road-transport": N_("Road transport"),
    # Translators: a field of work of an authority.
    "pay": N_("Pay and collective agreements"),
    # Translators: a field of work of an authority.
    "doctors": N_("Doctors"),
    # Translators: a field of work of an authority.
    "dentists": N_("Dentists"),
    # Translators: a field of work of an authority.
    "nurses": N_("Nurses"),
    # Translators: a field of work of an authority.
    "midwives": N_("Midwives"),
    # Translators: a field of work of an authority.
    "pharmacists": N_("Pharmacists"),
    # Translators: a field of work of an authority.
    "vets": N_("Veterinary surgeons"),
    # Translators: a field of work of an authority.
    "physiotherapists": N_("Physiotherapists"),
    # Translators: a field of work of an authority.
    "psychologists": N_("Psychologists"),
    # Translators: a field of work of an authority.
    "health-professions": N_("Health professions"),
    # Translators: a field of work of an authority.
    "opticians": N_("Opticians and optometrists"),
    # Translators: a field of work of an authority.
    "architects": N_("Architects"),
    # Translators: a field of work of an authority.
    "engineers": N_("Engineers"),
    # Translators: a field of work of an authority.
    "surveyors": N_("Surveyors"),
    # Translators: a field of work of an authority.
    "teachers": N_("Teachers"),
    # Translators: a field of work of an authority.
    "early-childhood": N_("Early childhood teachers"),
    # Translators: a field of work of an authority.
    "lawyers": N_("Lawyers"),
    # Translators: a field of work of an authority.
    "accountants": N_("Accountants and auditors"),
    # Translators: a field of work of an authority.
    "real-estate": N_("Real estate agents"),
    # Translators: a field of work of an authority.
    "mountain-guides": N_("Mountain guides"),
    # Translators: a field of work of an authority.
    "ski-instructors": N_("Ski instructors"),
    # Translators: a field of work of an authority.
    "tourist-guides": N_("Tourist guides"),
    # Translators: a field of work of an authority.
    "electricians": N_("Electricians"),
    # Translators: a field of work of an authority.
    "crafts": N_("Crafts and trades"),
    # Translators: a field of work of an authority.
    "trade-licensing": N_("Trade and business licensing"),
    # Translators: a field of work of an authority.
    "driving-instructors": N_("Driving instructors"),
    # Translators: a field of work of an authority.
    "social-workers": N_("Social workers"),
    # Translators: a field of work of an authority.
    "hairdressers": N_("Hairdressers"),
    # Translators: a field of work of an authority.
    "security-guards": N_("Private security"),
    # Translators: a field of work of an authority.
    "sports": N_("Sport"),
    # Translators: a field of work of an authority.
    "recognition": N_("Recognition of qualifications"),
    # Translators: a field of work of an authority.
    "higher-education": N_("Higher education"),
    # Translators: a field of work of an authority.
    "health-ministry": N_("Health ministry"),
    # Translators: a field of work of an authority.
    "education-ministry": N_("Education ministry"),
    # Translators: a field of work of an authority.
    "labour-ministry": N_("Labour ministry"),
    # Translators: a field of work of an authority.
    "national-coordination": N_("National IMI coordination"),
    # Translators: a field of work of an authority.
    "regional-coordination": N_("Regional IMI coordination"),
    # Translators: a field of work of an authority.
    "patients-contact": N_("Patients’ rights contact point"),
}


def field_of_work(topic: str) -> str:
    """A field of work in the language of the program; one the program does not know reads as its id."""
    return _(FIELDS[topic]) if topic in FIELDS else topic.replace("-", " ").replace("_", " ")
