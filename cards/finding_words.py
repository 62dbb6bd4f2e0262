"""Our words for bleeding findings: they fill `{finding}` in titles, so they are short and need no article.

A key is `Bleed.name`: the kind of its value set (`cards.reading.bleeding_kinds`), or the finer word of a code
where a set holds several kinds of bleeding (`Finding.word`, given with the code in the value set).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FINDING_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # kinds
        "skin": "skin bleeding",
        "mucosal": "bleeding of mouth or nose",
        "mucosal-minor": "minor mucosal bleeding",
        "gi": "gastrointestinal bleeding",
        "gu": "visible blood in the urine",
        "gu-microscopic": "microscopic blood in the urine",
        "gynaecological": "uterine or vaginal bleeding",
        "pulmonary": "bleeding of the airways or lung",
        "postprocedural": "bleeding after a procedure",
        "deep": "deep tissue or joint bleeding",
        "retinal": "bleeding inside the eye",
        "pericardial-pleural": "bleeding into the chest cavity",
        "cns": "intracranial or spinal bleeding",
        "generic": "bleeding",
        "neonatal": "bleeding of the newborn",
        "purpura-fulminans": "purpura fulminans",
        # questions
        "skin-unspecific": "purpura of unclear kind",
        "mucosal-unspecific": "lesion of gum or mouth",
        "gu-unspecific": "blood in the urine, visible or not",
        "cns-unspecific": "vascular disease of the cord",
        "soft-tissue-unspecific": "haematoma of unclear depth",
        "unspecific": "bleeding tendency",
        # finer words of codes
        "nosebleed": "nosebleed",
        "gum-bleeding": "gum bleeding",
        "mouth-bleeding": "bleeding of the mouth",
        "throat-bleeding": "bleeding of the throat",
        "blood-blister": "blood blister of the mouth",
        "conjunctival-bleeding": "conjunctival bleeding",
        "petechiae": "petechiae",
        "purpura": "purpura",
        "bruising": "bruising",
        "haematoma": "haematoma of the skin",
        "haematemesis": "vomiting of blood",
        "melaena": "black stool (melaena)",
        "rectal-bleeding": "rectal bleeding",
        "variceal-bleeding": "variceal bleeding",
        "haemoptysis": "coughing of blood",
        "menorrhagia": "heavy menstrual bleeding",
        "joint-bleeding": "joint bleeding",
        "muscle-bleeding": "muscle bleeding",
        "retroperitoneal-bleeding": "retroperitoneal bleeding",
        "postpartum-bleeding": "postpartum bleeding",
        "newborn-brain": "brain bleeding of the newborn",
        "newborn-lung": "lung bleeding of the newborn",
        "newborn-gut": "gut bleeding of the newborn",
    }
)
