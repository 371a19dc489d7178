/** Who is here, for which discipline, who asks for the floor and who has not been heard. */

import { lasting, SPOKE_S } from '../media/talk';
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Role, Seat } from '../protocol';
import { badge, face } from '../room/badge';
import { Panel } from '../room/panel';
import { ROLES } from '../room/words';

const GIVEN: readonly Role[] = ['chair', 'coordinator', 'member', 'guest', 'observer'];

export class PeoplePanel extends Panel {
  override render(): TemplateResult {
    const hands = this.model.room.hands;
    return html`
      <div class="stack">
        ${this.lobby()} ${this.hearing()} ${hands.length === 0 ? nothing : this.hands(hands)} ${this.everybody()}
      </div>
    `;
  }

  /** Guests who wait: who they are, for which case, and the door. */
  private lobby(): TemplateResult | typeof nothing {
    const waiting = this.model.waitingGuests;
    if (waiting.length === 0) return nothing;
    return html`
      <section aria-labelledby="lobby-title">
        <h3 id="lobby-title">In the lobby <span class="muted number">${waiting.length}</span></h3>
        <ul class="people" role="list">
          ${waiting.map(
            ({ person, seat, case: id, now }) =>
              html`<li class="person" data-waiting=${person}>
                ${icon('hourglass')}
                <span class="grow person-name">
                  <span>${seat.name}</span>
                  <span class="muted small">${this.caseOf(id)}</span>
                </span>
                ${now && this.model.may('seat') ? this.letIn(person, seat) : nothing}
              </li>`,
          )}
        </ul>
      </section>
    `;
  }

  private letIn(person: string, seat: Seat): TemplateResult {
    return html`<button
      type="button"
      class="btn btn-small btn-primary"
      aria-label=${`Let ${seat.name} in`}
      @click=${() => this.model.ask({ type: 'admit-guest', person })}
    >
      Let in
    </button>`;
  }

  private caseOf(id: string | null): string {
    return (id === null ? undefined : this.model.room.cases[id]?.brief.title) ?? 'No case on this agenda';
  }

  private hearing(): TemplateResult | typeof nothing {
    const table = this.model.table;
    if (table === null || table.item.brief.required.length === 0) return nothing;
    const hearing = this.model.hearing(table.id, table.item);
    const missing = hearing.filter((entry) => !entry.heard && entry.absent === null);
    return html`
      <section aria-labelledby="hearing-title">
        <h3 id="hearing-title">${missing.length === 0 ? 'Every required discipline was heard' : 'Not yet heard'}</h3>
        <ul class="hearing" role="list">
          ${hearing.map(
            (entry) =>
              html`<li data-heard=${entry.heard ? 'yes' : 'no'}>
                ${badge(entry.discipline)}
                <span class="grow">${entry.discipline.name}</span>
                ${hearingWords(entry)}
              </li>`,
          )}
        </ul>
        <p class="hint">
          Heard: spoke in the call, gave an opinion, placed a mark or closed on this case. Nobody keeps who spoke.
        </p>
      </section>
    `;
  }

  private hands(hands: readonly string[]): TemplateResult {
    return html`
      <section aria-labelledby="hands-title">
        <h3 id="hands-title">Hands raised, in order</h3>
        <ol class="people" role="list">
          ${hands.map((person) => {
            const seat = this.model.room.people[person];
            return seat === undefined ? nothing : this.hand(person, seat);
          })}
        </ol>
      </section>
    `;
  }

  private hand(person: string, seat: Seat): TemplateResult {
    return html`<li class="person">
      ${icon('hand')}
      <span class="grow">${seat.name}</span>
      ${
        this.model.may('seat')
          ? html`<button
              type="button"
              class="btn btn-small btn-primary"
              aria-label=${`Give the floor to ${seat.name}`}
              @click=${() => this.model.ask({ type: 'pass-floor', person })}
            >
              Give floor
            </button>`
          : nothing
      }
      ${
        this.model.may('seat') || person === this.model.me
          ? html`<button
              type="button"
              class="btn btn-small"
              aria-label=${`Lower the hand of ${seat.name}`}
              @click=${() => this.model.ask({ type: 'lower-hand', person })}
            >
              Lower
            </button>`
          : nothing
      }
    </li>`;
  }

  private everybody(): TemplateResult {
    const people = Object.entries(this.model.room.people).sort(([, one], [, other]) => order(one, other));
    const here = people.filter(([person, seat]) => seat.present && this.isIn(person, seat));
    const gone = people.filter(([, seat]) => !seat.present);
    return html`
      <section aria-labelledby="here-title">
        <h3 id="here-title">In the room <span class="muted number">${here.length}</span></h3>
        <ul class="people" role="list">
          ${here.map(([person, seat]) => this.person(person, seat))}
        </ul>
      </section>
      ${
        gone.length === 0
          ? nothing
          : html`<section aria-labelledby="gone-title">
              <h3 id="gone-title">Were here</h3>
              <ul class="people people-gone" role="list">
                ${gone.map(
                  ([, seat]) =>
                    html`<li class="person">
                      <span class="grow">${seat.name}</span>
                      <span class="muted small">${this.model.discipline(seat.discipline).name}</span>
                    </li>`,
                )}
              </ul>
            </section>`
      }
    `;
  }

  private isIn(person: string, seat: Seat): boolean {
    return seat.cases === null || this.model.room.admitted.includes(person);
  }

  private person(person: string, seat: Seat): TemplateResult {
    const discipline = this.model.discipline(seat.discipline);
    const speaks = this.model.room.floor === person;
    return html`<li class="person" data-person=${person}>
      ${face(seat.name, discipline)}
      <span class="grow person-name">
        <span>${seat.name}${person === this.model.me ? html` <span class="muted">(you)</span>` : nothing}</span>
        <span class="muted small">${seat.discipline === null ? ROLES[seat.role] : discipline.name}</span>
      </span>
      ${speaks ? html`<span class="pill" data-tone="info">${icon('presentation')} Floor</span>` : nothing}
      ${
        seat.role === 'member' || seat.discipline === null
          ? nothing
          : html`<span class="pill" data-tone="quiet">${ROLES[seat.role]}</span>`
      }
      ${this.model.may('seat') ? this.seating(person, seat, speaks) : nothing}
    </li>`;
  }

  private seating(person: string, seat: Seat, speaks: boolean): TemplateResult {
    return html`<details class="menu">
      <summary class="btn btn-quiet btn-icon btn-small" aria-label=${`Role and floor of ${seat.name}`}>
        ${icon('ellipsis')}
      </summary>
      <div class="menu-list">
        ${
          seat.cases === null
            ? nothing
            : html`<button type="button" @click=${() => this.model.ask({ type: 'put-out', person })}>
                ${icon('door-open')} Back to the lobby
              </button>`
        }
        <button type="button" @click=${() => this.floor(speaks ? null : person)}>
          ${icon('presentation')} ${speaks ? 'Take the floor back' : 'Give the floor'}
        </button>
        <label class="menu-field">
          <span class="label">Role in this room</span>
          <select
            .value=${seat.role}
            @change=${(event: Event) =>
              this.model.ask({
                type: 'assign-role',
                person,
                role: (event.target as HTMLSelectElement).value as Role,
              })}
          >
            ${roles(seat.role).map(
              (role) => html`<option value=${role} ?selected=${role === seat.role}>${ROLES[role]}</option>`,
            )}
          </select>
        </label>
      </div>
    </details>`;
  }

  private floor(person: string | null): void {
    this.model.ask({ type: 'pass-floor', person });
    for (const menu of this.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) menu.open = false;
  }
}

function hearingWords(entry: { here: boolean; heard: boolean; spoke: number; absent: string | null }): TemplateResult {
  if (entry.heard) {
    const words = entry.spoke >= SPOKE_S ? `Spoke ${lasting(entry.spoke)}` : 'Heard';
    return html`<span class="status" data-tone="good">${icon('check')} ${words}</span>`;
  }
  if (entry.absent !== null) return html`<span class="status" data-tone="warn">Absent: ${entry.absent}</span>`;
  if (entry.here) return html`<span class="status" data-tone="warn">${icon('clock')} Here, not heard</span>`;
  return html`<span class="status" data-tone="bad">${icon('circle-x')} Not in the room</span>`;
}

/** A presenter is made by the floor; the role is listed only for who has it. */
function roles(present: Role): readonly Role[] {
  return GIVEN.includes(present) ? GIVEN : [...GIVEN, present];
}

const RANK: Readonly<Record<Role, number>> = {
  chair: 0,
  coordinator: 1,
  presenter: 2,
  member: 3,
  guest: 4,
  observer: 5,
};

function order(one: Seat, other: Seat): number {
  return RANK[one.role] - RANK[other.role] || one.name.localeCompare(other.name);
}

customElements.define('room-people', PeoplePanel);
