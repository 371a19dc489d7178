/** The replay of a case: played, stepped and scrubbed, by pointer and by keyboard alone. */
import { html, nothing, LitElement, type TemplateResult } from 'lit';
import { icon } from './icon';
import type { CaseProjection, Projection, Recorded } from './protocol';
import { minutes, opinions, people, stances, words } from './replay/beside';
import { calledAt, clock, playedAt, stepped, timeline, type Timeline } from './replay/timeline';
import { line, type Named } from './replay/words';
import { empty } from './replica';
import type { DisciplineLook, FrameFacts } from './viewer/types';
import './replay/stage';
import './viewer/viewer.css';
import './theme/replay.css';

const SPEEDS = [1, 2, 4, 8] as const;

interface Loaded {
  readonly case: string;
  readonly entries: readonly Recorded[];
  readonly frames: readonly (FrameFacts & { readonly aspect: number })[];
  readonly disciplines: readonly DisciplineLook[];
}

export class ConsiliumReplay extends LitElement {
  static override properties = {
    moment: { state: true },
    playing: { state: true },
    speed: { state: true },
    problem: { state: true },
    loaded: { state: true },
  };

  declare moment: number;
  declare playing: boolean;
  declare speed: number;
  declare problem: string;
  declare loaded: Loaded | null;
  private line: Timeline = timeline([]);
  private last = 0;

  constructor() {
    super();
    [this.moment, this.playing, this.speed, this.problem, this.loaded] = [0, false, 1, '', null];
  }

  override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    this.replaceChildren();
    super.connectedCallback();
    document.addEventListener('keydown', this.pressed);
    void this.load();
  }

  override disconnectedCallback(): void {
    document.removeEventListener('keydown', this.pressed);
    this.playing = false;
    super.disconnectedCallback();
  }

  private async load(): Promise<void> {
    try {
      const answer = await fetch(this.getAttribute('src') ?? '', { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = (await answer.json()) as Loaded;
      this.line = timeline(found.entries);
      this.moment = calledAt(this.line, found.case);
      this.loaded = found;
    } catch {
      this.problem = 'The replay could not be loaded. Reload the page to try again.';
    }
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    if (this.loaded === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    const typing = target?.closest('input, select, textarea, a, button, summary') ?? null;
    const keys: Readonly<Record<string, () => void>> = {
      k: () => this.toggle(),
      j: () => this.step(-1),
      l: () => this.step(1),
      '[': () => this.faster(-1),
      ']': () => this.faster(1),
      ...(typing === null
        ? {
            ' ': () => this.toggle(),
            ArrowLeft: () => this.step(-1),
            ArrowRight: () => this.step(1),
            Home: () => this.go(0),
            End: () => this.go(this.line.length),
          }
        : {}),
    };
    const act = keys[event.key];
    if (act === undefined || (typing?.matches('textarea') ?? false)) return;
    event.preventDefault();
    act();
  };

  private toggle(): void {
    if (!this.playing && this.moment >= this.line.length) this.moment = 0;
    this.playing = !this.playing;
    if (!this.playing) return;
    this.last = performance.now();
    requestAnimationFrame(this.tick);
  }

  private readonly tick = (now: number): void => {
    if (!this.playing) return;
    this.moment = Math.min(this.line.length, this.moment + (now - this.last) * this.speed);
    this.last = now;
    if (this.moment >= this.line.length) this.playing = false;
    else requestAnimationFrame(this.tick);
  };

  private go(moment: number): void {
    this.playing = false;
    this.moment = moment;
  }

  private step(by: 1 | -1): void {
    this.go(stepped(this.line, this.moment, by));
  }

  private faster(by: 1 | -1): void {
    const at = SPEEDS.findIndex((speed) => speed === this.speed) + by;
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))] ?? 1;
  }

  private readonly named = (code: string): string =>
    this.loaded?.disciplines.find((one) => one.code === code)?.name ?? code.replaceAll('-', ' ');

  override render(): TemplateResult {
    if (this.problem !== '') return html`<p class="banner" data-tone="bad" role="alert">${this.problem}</p>`;
    if (this.loaded === null) return html`<p class="muted" role="status">Loading the replay…</p>`;
    const at = playedAt(this.line, this.moment);
    const room = this.line.states[at] ?? empty();
    const item = room.cases[this.loaded.case];
    return html`
      <div class="replay">
        <section class="replay-screen" aria-label="What everybody saw">
          <replay-stage
            .item=${room.table === this.loaded.case || item?.signed ? item : undefined}
            .caseId=${this.loaded.case}
            .frames=${this.loaded.frames}
            .looks=${this.loaded.disciplines}
          ></replay-stage>
          ${this.controls(at, room, item)}
        </section>
        <aside class="stack-l">
          ${item === undefined ? nothing : beside(item, this.named)} ${people(room)} ${this.list(at)}
        </aside>
      </div>
    `;
  }

  private controls(at: number, room: Projection, item: CaseProjection | undefined): TemplateResult {
    const entry = this.line.entries[at];
    const said = entry === undefined ? null : line(entry, room, item, this.named);
    const time = entry === undefined ? '' : this.local(entry.at);
    return html`<div class="replay-bar">
      <p class="replay-said" aria-live=${this.playing ? 'off' : 'polite'}>
        <span class="number muted">${time}</span> ${said ?? ''}
      </p>
      <label class="sr-only" for="replay-at">Place in the replay</label>
      <input
        id="replay-at"
        type="range"
        min="0"
        max=${this.line.length}
        step="100"
        .value=${String(this.moment)}
        aria-valuetext=${`${clock(this.moment)} of ${clock(this.line.length)}${said === null ? '' : `: ${said}`}`}
        @input=${(event: Event) => {
          this.go(Number((event.target as HTMLInputElement).value));
        }}
      />
      <div class="row">
        <button type="button" class="btn btn-icon" data-step="-1" @click=${() => this.step(-1)}>
          ${icon('skip-back', 'One step back')}
        </button>
        <button
          type="button"
          class="btn btn-primary"
          data-play
          aria-pressed=${this.playing ? 'true' : 'false'}
          @click=${() => this.toggle()}
        >
          ${icon(this.playing ? 'pause' : 'play')} ${this.playing ? 'Pause' : 'Play'}
        </button>
        <button type="button" class="btn btn-icon" data-step="1" @click=${() => this.step(1)}>
          ${icon('skip-forward', 'One step on')}
        </button>
        <label class="sr-only" for="replay-speed">Speed</label>
        <select
          id="replay-speed"
          @change=${(event: Event) => {
            this.speed = Number((event.target as HTMLSelectElement).value);
          }}
        >
          ${SPEEDS.map((speed) => html`<option value=${speed} ?selected=${speed === this.speed}>${speed}×</option>`)}
        </select>
        <span class="number muted" data-clock>${clock(this.moment)} / ${clock(this.line.length)}</span>
      </div>
      <p class="hint">
        Space or K plays, ← → or J L step, Home and End jump, [ ] change the speed. Long waits are cut short. Not for
        primary diagnosis.
      </p>
    </div>`;
  }

  /** Everything that happened, a button each: the other way to move. */
  private list(at: number): TemplateResult {
    return html`<details class="card fold">
      <summary>Everything that happened</summary>
      <ol class="replay-list" role="list">
        ${this.line.entries.map((entry, index) => {
          const room = this.line.states[index] ?? empty();
          const said = line(entry, room, room.cases[this.loaded?.case ?? ''], this.named);
          return said === null
            ? nothing
            : html`<li>
                <button
                  type="button"
                  aria-current=${index === at ? 'step' : nothing}
                  @click=${() => this.go(this.line.starts[index] ?? 0)}
                >
                  <span class="number muted">${this.local(entry.at)}</span> ${said}
                </button>
              </li>`;
        })}
      </ol>
    </details>`;
  }

  private local(at: string): string {
    const timeZone = this.getAttribute('zone') ?? 'UTC';
    return new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone }).format(new Date(at));
  }
}

function beside(item: CaseProjection, named: Named): readonly (TemplateResult | typeof nothing)[] {
  return [words(item, named), stances(item, named), opinions(item, named), minutes(item)];
}

customElements.define('consilium-replay', ConsiliumReplay);
