"""The cases that were before the board already, with what was said and what became of it."""
# ruff: noqa: E501 - prose reads better whole

from web.demo.story import Decision, Pictures, Story, Who

_WEAK = {"surgical": 3, "interventional": 5, "rehabilitation": 8, "medical": 5, "watchful": 4, "psychological": 5}
_STRONG = {"surgical": 8, "interventional": 4, "rehabilitation": 5, "medical": 3, "watchful": 2, "psychological": 2}

SPRING: tuple[Story, ...] = (
    Story(
        "closed", Who("Peterka", "Joan", "1970-12-30", "F", "PC-20011"), "rural", 118, "closed",
        (("surgical-candidacy", "spine-surgery", "Would removing the L5–S1 fragment help her back to work?"),
         ("rehabilitation-plan", "physiatry", "What, for how long?")),
        "Postal worker. Right leg pain for nine weeks, improving slowly, no weakness.",
        "To carry the mail on my own route.", "Walking nine kilometres a day.", "", "routine",
        {"motor": "5/5", "sensation": "Reduced at the right heel", "reflexes": "Right ankle jerk weak",
         "examined-on": "-120"},
        (("medication", "Naproxen", "6", "4", "500 mg twice a day", "better", "30", ""),),
        (Pictures("slip-film", 125, options={"slip_mm": 0.0}),), _WEAK, {},
        Decision(
            "consensus", "rehabilitation",
            "The pain improves by itself, strength is full, and the fragment is the kind that shrinks. Eight weeks of "
            "supervised therapy with a walking target before anything else.",
            ("Not now: strength is full and she improves. Weakness or no gain by week eight would change that.",
             "Eight weeks, twice a week, walking target 5 km by week six, then her own route.",),
            (("Refer to supervised therapy in North Platte", "Jo Whitfield", 10),
             ("Telephone review at week six", "Priya Raman", 45)),
            "Telephone at six weeks, board again only without gain at eight weeks.",
            "You should be carrying your route again within three months, without an operation.",
        ),
    ),
    Story(
        "followed-up", Who("Lindgren", "Oscar", "1947-03-08", "M", "PC-14870"), "rural2", 112, "followed_up",
        (("surgical-candidacy", "neurosurgery", "Two-level decompression at 79?"),
         ("anaesthesia-fitness", "anaesthesia", "COPD on home oxygen at night: acceptable?")),
        "Retired engineer. Legs give way after 100 m. COPD with oxygen at night.",
        "To walk to church.", "Walking 600 m.", "Dying on the table.", "routine",
        {"motor": "5/5", "reflexes": "Ankle jerks absent", "gait": "100 m", "examined-on": "-115"},
        (("injection", "Interlaminar epidural steroid", "8", "5", "three", "better", "50", "Shorter each time"),),
        (Pictures("slip-film", 120, options={"slip_mm": 4.0}),), _STRONG,
        {"anaesthesiologist": "A short decompression under spinal anaesthesia is acceptable; a fusion is not."},
        Decision(
            "majority", "surgical",
            "Short decompression of L3–L5 without fusion under spinal anaesthesia: the walking distance is his life, and "
            "the injections last shorter each time.",
            ("Yes, decompression alone, under two hours.", "Acceptable under spinal anaesthesia with oxygen that night."),
            (("Pulmonary preparation, four weeks", "Caleb Yazzie", 28), ("Book decompression", "Samuel Adeyemi", 60)),
            "Clinic at six and twelve weeks; walking distance measured both times.",
            "The aim is the walk to church, 600 m, with one rest.",
            {"physiatry": ("dissent", "A supervised walking programme with nerve-friendly pacing has not been tried at all.")},
        ),
    ),
)

AUTUMN: tuple[Story, ...] = (
    Story(
        "delivered", Who("Yellowhorse", "Denise", "1981-05-21", "F", "PC-21420"), "rural", 52, "delivered",
        (("pain-plan", "pain-medicine", "Facet denervation, or is there a better way?"),
         ("rehabilitation-plan", "physical-therapy", "How can she load again?")),
        "Warehouse worker. Back pain on extension for two years, two positive facet blocks.",
        "To lift boxes without planning each one.", "Full duty.", "", "routine",
        {"motor": "5/5", "sensation": "Normal", "reflexes": "Symmetric", "gait": "Normal", "examined-on": "-50"},
        (("injection", "Medial branch blocks L3 to L5, two sessions", "4", "3", "two", "better", "80", "As planned"),),
        (Pictures("slip-film", 60, options={"slip_mm": 2.0}),),
        {"surgical": 2, "interventional": 8, "rehabilitation": 7, "medical": 3, "watchful": 3, "psychological": 3}, {},
        Decision(
            "consensus", "interventional",
            "Two positive blocks of 80 %: radiofrequency denervation, used as a window for progressive loading that starts "
            "in the second week. Without the loading it is not worth doing.",
            ("Yes, L3 to L5 on both sides, once.", "Graded lifting from week two, 20 kg by week ten."),
            (("Denervation in Chicago, one visit", "Tomás Herrera", 30), ("Loading programme by video", "Daniel Kwon", 14)),
            "Video visit at four weeks.", "Lifting again by the new year is realistic.",
            {"chiropractic": ("reservation", "I would have tried extension-biased mobilisation before the needle.")},
        ),
    ),
    Story(
        "rolled-over", Who("Brandt", "Holger", "1964-08-08", "M", "PC-18130"), "rural2", 48, "rolled_over",
        (("second-opinion", "physiatry", "Third opinion wanted on a one-level fusion at L5–S1."),),
        "Carpenter. Two surgeons, two answers. Wants to hear it from people who do not earn from it.",
        "To know, and then to decide.", "Roof work.", "", "routine",
        {"motor": "5/5", "sensation": "Normal", "reflexes": "Symmetric", "examined-on": "-47"},
        (("physical-therapy", "Two programmes", "14", "6", "40 sessions", "better", "30", "Plateau"),),
        (Pictures("slip-film", 75, options={"slip_mm": 3.0}),), _WEAK, heard=False,
    ),
)

THIS_WEEK: tuple[Story, ...] = (
    Story(
        "signed", Who("Ackerman", "Sue", "1955-11-11", "F", "PC-17290"), "rural", 36, "signed",
        (("surgical-candidacy", "spine-surgery", "Vertebroplasty nine weeks after a fracture of T12?"),
         ("pain-plan", "pain-medicine", "What until then?")),
        "Osteoporotic fracture of T12 nine weeks ago, pain now 4 of 10, was 9.",
        "To bake for the church sale.", "Standing for an hour.", "", "routine",
        {"motor": "5/5", "sensation": "Normal", "reflexes": "Symmetric", "examined-on": "-30"},
        (("bracing", "Extension brace", "2", "", "6 hours a day", "better", "40", ""),
         ("medication", "Calcitonin spray", "2", "1", "daily", "better", "20", "Course ended")),
        (Pictures("slip-film", 34, options={"slip_mm": 0.0}),), _WEAK, {},
        Decision(
            "consensus", "medical",
            "The fracture is healing. Treat the bone: anabolic agent first, then denosumab; wean the brace over four weeks.",
            ("No: pain has halved and the fracture line has closed.", "Paracetamol; calcitonin is no longer needed."),
            (("Start teriparatide", "Jo Whitfield", 14), ("Bone density in twelve months", "Jo Whitfield", 365)),
            "Video visit at eight weeks.", "The bake sale in spring is realistic, standing, with pauses.",
        ),
    ),
    Story(
        "recommended", Who("Kowalczyk", "Piotr", "1976-02-17", "M", "PC-20655"), "rural2", 29, "recommended",
        (("surgical-candidacy", "spine-surgery", "Is a one-level fusion reasonable for this slip?"),
         ("rehabilitation-plan", "physical-therapy", "And if not: what?")),
        "Roofer. Slip at L4–L5 of 5 mm, back pain for three years, leg pain for one, stops after 500 m.",
        "Two more years on roofs, then the shop.", "Climbing.", "", "routine",
        {"motor": "5/5", "sensation": "Reduced L5 on the right", "reflexes": "Symmetric", "gait": "500 m",
         "examined-on": "-25"},
        (("physical-therapy", "Stabilisation", "18", "12", "24 sessions", "better", "30", "Plateau"),
         ("injection", "Transforaminal L4 both sides", "8", "6", "two", "better", "40", "Six weeks each")),
        (Pictures("stenosis-mr", 28, options={"level": "L4-L5", "slip_mm": 5.0}),), _STRONG, {},
        Decision(
            "majority", "surgical",
            "Stable slip with stenosis and leg pain after complete non-operative care: decompression; fusion only if the "
            "flexion film shows more than 3 mm of movement.",
            ("Decompression yes; fusion depends on the flexion film.", "Twelve weeks afterwards, loading from week six."),
            (("Flexion and extension films", "Caleb Yazzie", 14),), "Board again with the films.",
            "Two years on roofs is more likely with the nerve free.",
            {"physiatry": ("reservation", "Only after a smoking-free interval of six weeks.")},
        ),
    ),
    Story(
        "undecided", Who("Reyes", "Carmen", "1969-09-14", "F", "PC-19480"), "rural", 26, "rolled_over",
        (("level", "neuroradiology", "L4–L5 or L5–S1: which one hurts?"),
         ("pain-plan", "pain-medicine", "Would a selective block answer it?")),
        "Hotel housekeeper. Left leg pain, two discs worn, two opinions on which one matters.",
        "To make beds without crying in the last room.", "Eight hours of housekeeping.", "", "routine",
        {"motor": "Left EHL 4/5", "sensation": "Reduced on the dorsum of the left foot", "reflexes": "Symmetric",
         "examined-on": "-22"},
        (("physical-therapy", "Repeated movements", "7", "5", "10 sessions", "same", "", "No progress"),
         ("injection", "Caudal epidural", "4", "4", "one", "same", "", "No effect")),
        (Pictures("herniation-mr", 24, options={"level": "L4-L5", "side_mm": 4.0, "depth_mm": 7.0}),),
        {"surgical": 5, "interventional": 7, "rehabilitation": 5, "medical": 3, "watchful": 3, "psychological": 3},
        {"radiologist": "L4–L5: the fragment reaches the L5 root before it leaves the canal. L5–S1 is old.",
         "pain": "A selective L5 block answers the question in one visit."},
    ),
)
