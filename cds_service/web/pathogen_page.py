"""What `/pathogens` and `/pathogens/{id}` show: how an infection is recognised, treated and followed."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from cards.anti_infective.content import Caution, Pathogen, Regimen
from cards.citations import CITATIONS, Citation
from cards.frozen import dataclass
from cds_service.content import Content
from cds_service.stories.vignettes import Vignette
from cds_service.web.markdown import to_html
from cds_service.web.vignette_index import vignettes_by_rule


@dataclass(frozen=True, slots=True)
class RegimenLine:
    """A regimen: its drugs as they are drafted, its words, and what speaks against it."""

    name: str
    drugs: tuple[str, ...]
    words: Markup
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathogenPage:
    """Everything that the template prints."""

    pathogen: Pathogen
    kind: str
    recognised: tuple[tuple[str, tuple[str, ...]], ...]
    therapy: tuple[str, ...]
    regimens: tuple[RegimenLine, ...]
    cautions: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, Markup], ...]
    evidence: tuple[tuple[Citation, str, str | None], ...]
    vignettes: tuple[Vignette, ...]
    version: str


def find_pathogen(pathogen_id: str, content: Content) -> Pathogen | None:
    """A pathogen by its id or by the id of one of its cards."""
    return next((one for one in content.pathogens if pathogen_id in one.card_rules), None)


def pathogen_page(pathogen: Pathogen, content: Content) -> PathogenPage:
    """The page of one pathogen."""
    return PathogenPage(
        pathogen=pathogen,
        kind=_kind(pathogen),
        recognised=tuple((name, sets) for name, sets in _recognised(pathogen) if sets),
        therapy=(*pathogen.therapy_sets, *pathogen.therapy_packs),
        regimens=tuple(_regimen(one, pathogen) for one in pathogen.regimens),
        cautions=tuple(
            (_asks(one), _plain(pathogen.words.get(f"caution.{one.key}", ""))) for one in pathogen.cautions
        ),
        words=tuple(_words(pathogen)),
        evidence=tuple((CITATIONS[e.citation], e.recommendation, e.grade) for e in pathogen.evidence),
        vignettes=tuple(
            dict.fromkeys(v for rule in pathogen.card_rules for v in vignettes_by_rule().get(rule, ()))
        ),
        version=content.version,
    )


def _kind(pathogen: Pathogen) -> str:
    parts = [pathogen.agent.value, "chronic" if pathogen.chronic else "acute"]
    parts.append("supportive care" if pathogen.supportive else "treated")
    if pathogen.time_critical:
        parts.append("time-critical")
    return ", ".join(parts)


def _recognised(pathogen: Pathogen) -> Iterable[tuple[str, tuple[str, ...]]]:
    yield "Conditions", pathogen.condition_sets
    yield "Severe forms", pathogen.severe_sets
    yield "Tests", pathogen.test_sets
    yield "Organisms in cultures", pathogen.organism_sets
    yield "Vaccines that can stand for it", pathogen.vaccines


def _regimen(regimen: Regimen, pathogen: Pathogen) -> RegimenLine:
    words = pathogen.words
    text = "\n\n".join(
        words[key] for key in (f"regimen.{regimen.key}", f"dose.{regimen.key}") if key in words
    )
    return RegimenLine(
        name=regimen.key.replace("-", " "),
        drugs=tuple(drug.text for drug in regimen.drugs),
        words=to_html(_holes_named(text)),
        excluded=tuple(_asks(one) for one in regimen.excluded),
    )


_SHOWN_ELSEWHERE = ("regimen", "dose", "caution", "label", "title", "first-step")


def _words(pathogen: Pathogen) -> Iterable[tuple[str, Markup]]:
    for key, text in pathogen.words.items():
        if key.partition(".")[0] not in _SHOWN_ELSEWHERE:
            name = key.replace(".", ": ").replace("-", " ")
            yield name[:1].upper() + name[1:], to_html(_holes_named(text))


def _asks(caution: Caution) -> str:
    """What a row asks of the record, in words."""
    text = ("not " if caution.negated else "") + caution.when.value.replace("-", " ")
    if caution.sets:
        text += f": {', '.join(caution.sets)}"
    if caution.limit is not None:
        text += f" {caution.limit:f}"
    return text + (f", within {caution.days} days" if caution.days is not None else "")


def _plain(text: str) -> str:
    return " ".join(_holes_named(text).split())


def _holes_named(text: str) -> str:
    return text.replace("{", "‹").replace("}", "›")
