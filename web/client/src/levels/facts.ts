/** What the server says of a case's levels (`levels-summary.json`), and how something is sent back. */
import type { NumberingState } from '../viewer/levels';
import type { Vector } from '../viewer/planes';
import type { Point } from '../viewer/types';

export type Choice = readonly [key: string, words: string];

export interface Anchor {
  readonly vertebra: string;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly point: Point;
  readonly at: Vector;
}

export interface NumberingVersion {
  readonly version: number;
  readonly waits: boolean;
  readonly by: string;
  readonly why: string;
  readonly method: string;
  readonly ribs: number;
  readonly lumbar: number;
  readonly castellvi: string;
  readonly series: string;
  readonly frame_of_reference: string;
  readonly anchors: readonly Anchor[];
}

export interface NumberingFacts {
  readonly state: NumberingState;
  readonly method: string;
  /** Names the waiting version gives to other bones. */
  readonly contested: readonly string[];
  /** The latest version's number. */
  readonly shown: number;
  readonly latest: NumberingVersion | null;
  readonly may_propose: boolean;
  readonly may_accept: boolean;
  readonly vertebrae: readonly string[];
  readonly ribs: readonly number[];
  readonly lumbar: readonly number[];
  readonly methods: readonly Choice[];
  readonly castellvi: readonly Choice[];
}

export interface Instrument {
  readonly key: string;
  readonly name: string;
  readonly about: string;
  readonly source: string;
  readonly status: string;
  readonly sided: boolean;
  readonly modalities: readonly string[];
  readonly planes: readonly string[];
  readonly levels: readonly string[];
  readonly grades: readonly { readonly key: string; readonly label: string }[];
}

export interface GradedPlace {
  readonly instrument: string;
  readonly name: string;
  readonly level: string;
  readonly side: string;
  readonly opened: boolean;
  readonly apart: number;
  /** grade null: given, but sealed until the other is in. */
  readonly grades: readonly { readonly discipline: string; readonly grade: string | null; readonly own: boolean }[];
}

export interface Kappa {
  readonly name: string;
  readonly pair: string;
  readonly pairs: number;
  /** Linear weights where the grades are steps; null: too few pairs, or no spread. */
  readonly kappa: number | null;
}

export interface GradeFacts {
  readonly may_give: boolean;
  readonly places: readonly GradedPlace[];
  readonly kappas: readonly Kappa[];
  readonly instruments: readonly Instrument[];
}

export interface PlanGrid {
  readonly index: number;
  readonly words: string;
  /** `L4.fusion-posterior`. */
  readonly cells: readonly string[];
}

export interface PlanFacts {
  readonly may_change: boolean;
  readonly closed: boolean;
  readonly revision: number;
  readonly board: PlanGrid;
  readonly proposed: PlanGrid;
  readonly features: readonly string[];
  readonly feature_names: Readonly<Record<string, string>>;
  readonly columns: readonly { readonly key: string; readonly label: string; readonly side: string }[];
  readonly parts: readonly { readonly key: string; readonly name: string; readonly rows: readonly string[] }[];
}

export interface StandingScore {
  readonly name: string;
  readonly where: string;
  readonly said: string;
  /** What its source says of it; empty where it says nothing. */
  readonly band: string;
  readonly verified: boolean;
  readonly source: string;
}

export interface LevelSummary {
  /** Levels of the signed words that mean another vertebra since. */
  readonly resign: readonly string[];
  readonly numbering: NumberingFacts;
  readonly grades: GradeFacts;
  readonly scores: readonly StandingScore[];
  readonly plan: PlanFacts;
}

/** Why it was not kept: a sentence, and the field it is about where there is one. */
export interface Refusal {
  readonly status: number;
  readonly field: string;
  readonly detail: string;
}

export async function fetchSummary(caseId: string): Promise<LevelSummary | null> {
  const answer = await fetch(`/cases/${encodeURIComponent(caseId)}/levels-summary.json`, {
    headers: { Accept: 'application/json' },
  });
  return answer.ok ? ((await answer.json()) as LevelSummary) : null;
}

/** Send a form of the case's pages; null: it is kept. */
export async function send(caseId: string, page: string, fields: readonly Choice[]): Promise<Refusal | null> {
  try {
    const answer = await fetch(`/cases/${encodeURIComponent(caseId)}/${page}`, {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: new URLSearchParams(fields.map(([name, value]) => [name, value])),
    });
    if (answer.ok) return null;
    const told = (await answer.json()) as { detail?: string; field?: string };
    return { status: answer.status, field: told.field ?? '', detail: told.detail ?? 'It was not kept.' };
  } catch {
    return { status: 0, field: '', detail: 'The server did not answer. Nothing was kept; try again.' };
  }
}
