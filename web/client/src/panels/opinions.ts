/** Opinions: sealed before the reveal, a grid of disciplines against options after it. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection, OpinionShown, Option } from '../protocol';
import { badge, disciplineName } from '../room/badge';
import { Panel } from '../room/panel';
import { OPTION_KINDS } from '../room/words';
import { spread, type Spread } from './agreement';
import './opinion-form';
import './stances';

export class OpinionsPanel extends Panel {
  override render(): TemplateResult {
    const table = this.model.table;
    if (table === null) return html`<p class="muted">Opinions belong to a case. None is on the table.</p>`;
    const { id, item } = table;
    const open = item.revealed.includes(item.round);
    return html`
      <div class="stack">
        ${this.questions(item)} ${open ? this.grid(item) : this.sealed(id, item)} ${this.standing(id, item)}
        ${item.revealed.filter((round) => round !== item.round).map((round) => this.earlier(item, round))}
        ${open ? this.running(id, item, true) : nothing}
      </div>
    `;
  }

  /** Stances, unless opinions of the running round are still sealed. */
  private standing(id: string, item: CaseProjection): TemplateResult | typeof nothing {
    const sealed = !item.revealed.includes(item.round) && inRound(item, item.round).length > 0;
    if (sealed || (item.called_at === null && Object.keys(item.stances).length === 0)) return nothing;
    return html`<room-stances .model=${this.model} .tick=${this.tick} .caseId=${id}></room-stances>`;
  }

  private questions(item: CaseProjection): TemplateResult | typeof nothing {
    if (item.brief.questions.length === 0) return nothing;
    return html`<section aria-labelledby="asked-title">
      <h3 id="asked-title">Asked by the referrer</h3>
      <ul class="asked" role="list">
        ${item.brief.questions.map((question) => html`<li>${question.text}</li>`)}
      </ul>
      ${item.brief.goal === '' ? nothing : html`<p class="goal"><span class="label">The patient’s goal</span> ${item.brief.goal}</p>`}
    </section>`;
  }

  private sealed(id: string, item: CaseProjection): TemplateResult {
    const given = inRound(item, item.round);
    const may = this.model.may('opine') && this.model.myDiscipline !== null;
    return html`
      <section aria-labelledby="sealed-title">
        <div class="panel-head">
          <h3 id="sealed-title">${icon('lock')} Sealed opinions, round ${item.round}</h3>
          <span class="muted small">${given.length} given</span>
        </div>
        <p class="hint">Nobody sees an opinion before all are revealed at once, the chair included.</p>
        <ul class="given" role="list">
          ${given.map(
            (opinion) =>
              html`<li>
                ${badge(this.model.discipline(opinion.discipline))}
                <span class="grow">${opinion.name}</span>
                <span class="status" data-tone="good">${icon('check')} Given</span>
              </li>`,
          )}
        </ul>
        ${this.running(id, item, false)}
        ${
          may && this.model.room.phase !== 'ended'
            ? html`<opinion-form .model=${this.model} .tick=${this.tick} .caseId=${id}></opinion-form>`
            : nothing
        }
      </section>
    `;
  }

  private grid(item: CaseProjection): TemplateResult {
    const opinions = inRound(item, item.round);
    return html`
      <section aria-labelledby="grid-title">
        <h3 id="grid-title">Opinions, round ${item.round}</h3>
        ${opinions.length === 0 ? html`<p class="muted">Nobody gave an opinion in this round.</p>` : [this.ratings(item, opinions), this.legend()]}
        ${this.remarks(item, opinions)}
      </section>
    `;
  }

  private ratings(item: CaseProjection, opinions: OpinionShown[]): TemplateResult {
    const label = `Ratings, round ${opinions[0]?.round ?? item.round}`;
    return html`<div class="table-wrap" tabindex="0" role="region" aria-label=${label}>
      <table class="ratings">
        <thead>
          <tr>
            <th scope="col">Option</th>
            ${opinions.map(
              (opinion) =>
                html`<th scope="col" title=${`${opinion.name}, ${this.model.discipline(opinion.discipline).name}`}>
                  ${badge(this.model.discipline(opinion.discipline))}
                  <span class="ratings-name">${this.model.discipline(opinion.discipline).short}</span>
                </th>`,
            )}
            <th scope="col">Median</th>
          </tr>
        </thead>
        <tbody>
          ${item.options.map((option) => this.ratingRow(item, option, opinions))}
        </tbody>
      </table>
    </div>`;
  }

  private legend(): TemplateResult {
    return html`<p class="hint">
      1 to 3 not appropriate, 4 to 6 uncertain, 7 to 9 appropriate; ★ preferred; ▲▼ moved since the round before.
      Disagreement (RAND/UCLA): the middle 40 % of ratings spread wider (IPR) than their symmetry allows (IPRAS = 2.35 +
      1.5 × asymmetry), or too many at both ends for a panel of this size.
    </p>`;
  }

  private ratingRow(item: CaseProjection, option: Option, opinions: OpinionShown[]): TemplateResult {
    const values = opinions.flatMap((opinion) => opinion.opinion?.ratings[option.key] ?? []);
    const summary = spread(values);
    return html`<tr>
      <th scope="row">
        <span>${option.label}</span><span class="sub muted">${OPTION_KINDS[option.kind]}</span>
        ${summary === null ? nothing : this.verdict(summary)}
      </th>
      ${opinions.map((opinion) => this.rating(item, option, opinion))}
      <td class="ratings-sum">
        ${
          summary === null
            ? '–'
            : html`<b class="number">${summary.median}</b>
                <span class="sub muted number">${summary.low}–${summary.high}</span>`
        }
      </td>
    </tr>`;
  }

  /** What the ratings amount to, and by which figures. */
  private verdict(found: Spread): TemplateResult {
    const figures = `IPR ${found.ipr.toFixed(1)}, IPRAS ${found.ipras.toFixed(1)}`;
    return html`<span class="pill" data-tone=${found.tone} title=${found.rule}>${found.words}</span>
      <span class="sub muted number" title=${found.rule}>${figures}<span class="sr-only">; ${found.rule}</span></span>`;
  }

  private rating(item: CaseProjection, option: Option, opinion: OpinionShown): TemplateResult {
    const value = opinion.opinion?.ratings[option.key];
    if (value === undefined) return html`<td>–</td>`;
    const before = item.opinions[`${opinion.round - 1}:${opinion.person}`]?.opinion?.ratings[option.key];
    const shift = before === undefined ? 0 : value - before;
    return html`<td class="rating" data-band=${value <= 3 ? 'low' : value <= 6 ? 'middle' : 'high'}>
      <span class="number">${value}</span>${
        opinion.opinion?.preferred === option.key ? html`<span role="img" aria-label="preferred">★</span>` : nothing
      }
      ${shift === 0 ? nothing : html`<span class="sub number">${shift > 0 ? `▲${shift}` : `▼${-shift}`}</span>`}
    </td>`;
  }

  private remarks(item: CaseProjection, opinions: OpinionShown[]): TemplateResult {
    return html`<ul class="remarks" role="list">
      ${opinions.map(({ opinion, discipline, name }) => {
        if (opinion === null) return nothing;
        const preferred = item.options.find((option) => option.key === opinion.preferred);
        return html`<li>
          <div class="row spread">
            ${disciplineName(this.model.discipline(discipline))}<span class="muted small">${name}</span>
          </div>
          <p class="small">
            Prefers <b>${preferred?.label ?? 'no option'}</b>, ${opinion.confidence} %
            sure${
              opinion.concordance === null ? '' : `, symptoms match the images ${opinion.concordance} of 10`
            }${opinion.improvement === null ? '' : `, expects improvement in ${opinion.improvement} %`}.
          </p>
          ${opinion.comment === '' ? nothing : html`<p class="prose">${opinion.comment}</p>`}
        </li>`;
      })}
    </ul>`;
  }

  private earlier(item: CaseProjection, round: number): TemplateResult {
    const opinions = inRound(item, round);
    return html`<details class="room-fold">
      <summary>${icon('chevron-right')} Round ${round}, ${opinions.length} opinions</summary>
      ${this.moved(item, round)} ${this.ratings(item, opinions)} ${this.remarks(item, opinions)}
    </details>`;
  }

  /** Who prefers something else since that round. */
  private moved(item: CaseProjection, round: number): TemplateResult | typeof nothing {
    const label = (key: string): string => item.options.find((option) => option.key === key)?.label ?? key;
    const shifts = inRound(item, round).flatMap(({ person, name, opinion }) => {
      const later = item.opinions[`${round + 1}:${person}`]?.opinion;
      if (opinion === null || later === undefined || later === null || later.preferred === opinion.preferred) return [];
      return [html`<li>${name}: ${label(opinion.preferred)} → <b>${label(later.preferred)}</b></li>`];
    });
    if (!item.revealed.includes(round + 1)) return nothing;
    if (shifts.length === 0) return html`<p class="hint">Nobody prefers something else since.</p>`;
    return html`<ul class="small shifts">
      ${shifts}
    </ul>`;
  }

  private running(id: string, item: CaseProjection, open: boolean): TemplateResult | typeof nothing {
    if (!this.model.may('run') || this.model.room.phase !== 'open') return nothing;
    if (open) {
      return html`<button type="button" class="btn" @click=${() => this.model.ask({ type: 'open-round', case: id })}>
        ${icon('rotate-cw')} Ask for opinions again (round ${item.round + 1})
      </button>`;
    }
    const given = inRound(item, item.round).length;
    return html`<button
      type="button"
      class="btn btn-primary reveal"
      ?disabled=${given === 0 || this.model.waits('reveal')}
      @click=${() => this.model.ask({ type: 'reveal', case: id })}
    >
      ${icon('eye')} Reveal ${given} ${given === 1 ? 'opinion' : 'opinions'} to everybody
    </button>`;
  }
}

function inRound(item: CaseProjection, round: number): OpinionShown[] {
  return Object.values(item.opinions)
    .filter((opinion) => opinion.round === round)
    .sort((one, other) => one.discipline.localeCompare(other.discipline) || one.name.localeCompare(other.name));
}

customElements.define('room-opinions', OpinionsPanel);
