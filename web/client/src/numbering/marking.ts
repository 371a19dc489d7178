/** One image to mark vertebrae on: by click, or by keys with a cross. The form's field stays the truth. */
import { html, nothing, render, svg, type TemplateResult } from 'lit';
import { added, next, read, written, type Mark } from './lines';

interface Frame {
  readonly src: string;
  readonly columns: number;
  readonly rows: number;
  /** How much taller than wide a pixel is. */
  readonly aspect: number;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Pixels a key moves the cross; with Shift one. */
const STRIDE = 8;

export class Marking {
  private readonly frames: readonly Frame[];
  private readonly order: readonly string[];
  private image: number;
  private vertebra = 'L1';
  private cross: readonly [number, number] | null = null;
  private told = '';

  constructor(
    private readonly place: HTMLElement,
    private readonly lines: HTMLTextAreaElement,
  ) {
    this.frames = JSON.parse(place.dataset['frames'] ?? '[]') as readonly Frame[];
    this.order = (place.dataset['vertebrae'] ?? '').split(' ');
    this.image = read(lines.value)[0]?.image ?? Math.ceil(this.frames.length / 2);
    lines.addEventListener('input', () => this.draw());
    this.draw();
  }

  private draw(): void {
    const frame = this.frames[this.image - 1];
    if (frame === undefined) return;
    render(this.template(frame, read(this.lines.value)), this.place);
  }

  private template(frame: Frame, marks: readonly Mark[]): TemplateResult {
    const height = frame.rows * frame.aspect;
    return html`<div class="numbering-bar">
        <label
          >Vertebra to mark
          <select @change=${(event: Event) => this.choose((event.target as HTMLSelectElement).value)}>
            ${this.order.map((name) => html`<option ?selected=${name === this.vertebra}>${name}</option>`)}
          </select></label
        >
        <label
          >Image ${this.image} of ${this.frames.length}
          <input type="range" min="1" max=${this.frames.length} .value=${String(this.image)} @input=${this.turn}
        /></label>
      </div>
      <svg
        class="numbering-image"
        viewBox="0 0 ${frame.columns} ${height}"
        tabindex="0"
        role="application"
        aria-label="Image ${this.image}. Arrow keys move the cross, Shift moves by one pixel, Enter marks ${
          this.vertebra
        }, Page Up and Page Down change the image."
        @click=${(event: MouseEvent) => this.pressed(event, frame)}
        @keydown=${(event: KeyboardEvent) => this.key(event, frame)}
      >
        <image
          href=${frame.src}
          width=${frame.columns}
          height=${height}
          preserveAspectRatio="none"
          aria-hidden="true"
        />
        ${marks.map((mark) => this.mark(mark, frame))} ${this.crossOf(frame)}
      </svg>
      <p class="hint">Click the middle of ${this.vertebra}, then the next one down. With keys: arrows, then Enter.</p>
      ${marks.length === 0 ? nothing : this.list(marks)}
      <p class="sr-only" role="status">${this.told}</p>`;
  }

  private mark({ vertebra, image, column, row }: Mark, frame: Frame): unknown {
    const size = frame.columns / 26;
    const [x, y] = [column, row * frame.aspect];
    return svg`<g class="numbering-mark" data-here=${String(image === this.image)}>
      <circle cx=${x} cy=${y} r=${size / 4}></circle>
      <text x=${x + size * 0.6} y=${y + size * 0.35} font-size=${size}>${vertebra}</text></g>`;
  }

  private crossOf(frame: Frame): unknown {
    if (this.cross === null) return nothing;
    const [x, y, arm] = [this.cross[0], this.cross[1] * frame.aspect, frame.columns / 30];
    return svg`<path class="numbering-cross" d=${`M${x - arm},${y}H${x + arm}M${x},${y - arm}V${y + arm}`} />`;
  }

  private list(marks: readonly Mark[]): TemplateResult {
    return html`<ul class="numbering-list" role="list">
      ${marks.map(
        (mark) =>
          html`<li>
            <button
              class="btn btn-small"
              type="button"
              aria-label="Remove the mark of ${mark.vertebra}"
              @click=${() => this.remove(mark)}
            >
              ${mark.vertebra} ×
            </button>
          </li>`,
      )}
    </ul>`;
  }

  private readonly turn = (event: Event): void => {
    this.show(Number((event.target as HTMLInputElement).value));
  };

  private show(image: number): void {
    this.image = Math.min(Math.max(image, 1), this.frames.length);
    this.draw();
  }

  private choose(vertebra: string): void {
    this.vertebra = vertebra;
    this.draw();
  }

  private pressed(event: MouseEvent, frame: Frame): void {
    const box = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    const column = ((event.clientX - box.left) / box.width) * frame.columns;
    this.set(column, ((event.clientY - box.top) / box.height) * frame.rows);
  }

  private key(event: KeyboardEvent, frame: Frame): void {
    const step = STEPS[event.key];
    const [column, row] = this.cross ?? [frame.columns / 2, frame.rows / 2];
    if (step !== undefined) {
      const stride = event.shiftKey ? 1 : STRIDE;
      this.cross = [within(column + step[0] * stride, frame.columns), within(row + step[1] * stride, frame.rows)];
      this.draw();
    } else if (event.key === 'Enter') this.set(column, row);
    else if (event.key === 'PageUp') this.show(this.image - 1);
    else if (event.key === 'PageDown') this.show(this.image + 1);
    else return;
    event.preventDefault();
  }

  private set(column: number, row: number): void {
    const mark = { vertebra: this.vertebra, image: this.image, column, row };
    this.write(added(read(this.lines.value), mark), `${this.vertebra} marked.`);
    this.vertebra = next(this.vertebra, this.order);
    this.draw();
  }

  private remove(mark: Mark): void {
    const others = read(this.lines.value).filter((one) => one.vertebra !== mark.vertebra);
    this.vertebra = mark.vertebra;
    this.write(others, `The mark of ${mark.vertebra} is gone.`);
    this.draw();
  }

  private write(marks: readonly Mark[], told: string): void {
    this.lines.value = written(marks, this.order);
    this.told = told;
  }
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
