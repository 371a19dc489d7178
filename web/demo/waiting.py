"""The cases that are not on an agenda: drafts, the triage list, and those that ended early."""
# ruff: noqa: E501 - prose reads better whole

from web.demo.story import Pictures, Story, Who

_NORMAL = {"motor": "5/5 throughout", "sensation": "Normal", "reflexes": "Symmetric", "long-tract": "Absent"}

WAITING: tuple[Story, ...] = (
    Story(
        "ready", Who("Nakai", "Thomas", "1967-01-19", "M", "PC-19771"), "rural", 17, "ready",
        (("surgical-candidacy", "spine-surgery", "Recurrence after discectomy in 2019: again, fuse, or neither?"),),
        "Truck driver. Right leg pain came back eight weeks ago, six years after a discectomy at L5–S1. Works half days.",
        "To drive the Omaha run again; it pays for my daughter's college.",
        "Sitting for four hours.", "Losing the licence.", "routine",
        {**_NORMAL, "reflexes": "Right ankle jerk absent", "tension": "Right straight leg raise 35°", "examined-on": "-8"},
        (("surgery", "Microdiscectomy L5–S1 right", "74", "74", "L5–S1", "better", "90", ""),
         ("physical-therapy", "Nerve gliding and walking programme", "2", "", "7 sessions", "same", "", "")),
        (Pictures("herniation-mr", 10, options={"level": "L5-S1", "side_mm": -4.0, "depth_mm": 6.5}),),
    ),
    Story(
        "triaged", Who("Ferrante", "Gina", "1973-07-22", "F", "PC-20950"), "rural2", 12, "triaged",
        (("diagnosis", "physiatry", "Sacroiliac joint or hip?"),),
        "Nurse. Right buttock pain for nine months since stepping into a hole. Hip films are normal. No cross-sectional "
        "imaging of the pelvis yet.",
        "To do a whole shift without counting the steps.", "Twelve-hour shifts.", "", "routine",
        {**_NORMAL, "gait": "Trendelenburg on the right after 200 m", "examined-on": "-13"},
        (("injection", "Trochanteric bursa", "5", "5", "one", "same", "", "No effect"),),
        (Pictures("slip-film", 40, options={"slip_mm": 0.0}),),
    ),
    Story(
        "submitted", Who("Olander", "Wes", "1960-03-11", "M", "PC-19034"), "rural", 2, "submitted",
        (("surgical-candidacy", "neurosurgery", "Neck and arm numbness with a narrow lumbar canal too: which first?"),
         ("level", "neuroradiology", "Which lumbar level matters most?")),
        "Mechanic. Two years of heavy legs, now numb fingertips as well. Sent with lumbar images only; cervical MR is booked.",
        "To hold a wrench and know that I hold it.", "Fine work with both hands.", "", "soon",
        {**_NORMAL, "gait": "300 m", "examined-on": "-3"},
        (("physical-therapy", "Home exercises from a leaflet", "11", "", "daily", "same", "", ""),),
        (Pictures("stenosis-mr", 21, options={"level": "L4-L5", "slip_mm": 3.0}),),
    ),
    Story(
        "needs-info", Who("Deschenie", "Paula", "1988-09-05", "F", "PC-22344"), "rural2", 9, "needs_info",
        (("rehabilitation-plan", "physical-therapy", "Six months after childbirth: which programme, and when may she lift?"),),
        "Back pain since the seventh month, worse after the birth. Lifts a toddler and a baby all day.",
        "To pick up my daughter without holding my breath.", "Lifting 12 kg.", "", "routine",
        {}, (("bracing", "Pelvic belt", "7", "3", "8 hours a day", "better", "30", "No longer needed"),), (),
        note="Please examine strength, sensation and reflexes and write them down with the date.",
    ),
    Story(
        "draft", Who("Sorensen", "Kit", "1995-04-28", "O", "PC-22601"), "rural", 1, "draft",
        (("second-opinion", "spine-surgery", "Pars defect at L5 in a rodeo rider: brace, repair or change of sport?"),),
        "Rodeo rider, back pain on landing since spring.", "To ride at Cheyenne in July.",
    ),
    Story(
        "declined", Who("Mosby", "Earl", "1949-10-16", "M", "PC-15512"), "rural2", 33, "declined",
        (("diagnosis", "physiatry", "Leg cramps at night, twice a week. Spine?"),),
        "Retired. Cramps in both calves at night for years. No back pain, walks as far as he likes.",
        "To sleep.", "", "", "routine", {**_NORMAL, "examined-on": "-35"},
        (("medication", "Magnesium", "10", "", "300 mg", "same", "", ""),), (),
        note="No sign of a spinal cause. Suggest checking potassium, thyroid and the statin; a vascular clinic if the pulses "
             "are weak. We are glad to look again if walking becomes shorter.",
    ),
    Story(
        "withdrawn", Who("Villareal", "Ana", "1976-06-02", "F", "PC-20788"), "rural", 27, "withdrawn",
        (("pain-plan", "pain-medicine", "Fourth epidural, or something else?"),),
        "Baker. Left leg pain for five months, three epidurals with some weeks of relief each.",
        "To stand at the oven at four in the morning.", "", "", "routine", {**_NORMAL, "examined-on": "-30"},
        (("injection", "Interlaminar epidural steroid L5–S1", "4", "1", "three", "better", "50", ""),), (),
        note="The pain went by itself in the second week after the referral; she is back at work.",
    ),
)
