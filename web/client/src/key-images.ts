/** Key images: the viewer's key and the star beside it make the picture shown one, with the window it is shown in. */
import type { Viewport } from './viewer/types';

interface Viewing extends HTMLElement {
  readonly caseId: string;
  readonly viewport: Viewport | null;
}

const SAID_MS = 6000;
const NOTHING = 'Show a stored image first; a cut made here cannot be a key image.';
const OFFLINE = 'The line is down: it was not kept. Try again when it is back.';

/** What is sent to choose what a viewer shows. */
export function chosen(viewport: Viewport): URLSearchParams {
  const form = new URLSearchParams({ act: 'choose', sop: viewport.sop_instance_uid, frame: String(viewport.frame) });
  if (viewport.window_centre !== null && viewport.window_width !== null) {
    form.set('centre', String(viewport.window_centre));
    form.set('width', String(viewport.window_width));
  }
  return form;
}

/** The sentence for what the server answered. */
export async function outcome(answer: Response): Promise<string> {
  const body: unknown = await answer.json().catch(() => ({}));
  const { detail, count } = body as { detail?: string; count?: number };
  if (!answer.ok) return detail ?? 'It was not kept.';
  return `Key image kept. ${count === 1 ? 'It is the only one' : `There are ${String(count)} now`}.`;
}

let said: HTMLElement | null = null;
let fading = 0;

function say(text: string): void {
  if (said === null) {
    said = document.createElement('p');
    said.className = 'note-float';
    said.setAttribute('role', 'status');
  }
  // A dialog on top, or the full screen, hides what lies outside it.
  (document.fullscreenElement ?? document.body).append(said);
  said.textContent = text;
  said.hidden = false;
  clearTimeout(fading);
  fading = window.setTimeout(() => said?.toggleAttribute('hidden', true), SAID_MS);
}

async function choose(viewer: Viewing): Promise<void> {
  const { viewport } = viewer;
  if (viewport === null) {
    say(NOTHING);
    return;
  }
  try {
    const answer = await fetch(`/cases/${viewer.caseId}/key-images`, {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: chosen(viewport),
    });
    say(await outcome(answer));
    if (answer.ok) document.body.dispatchEvent(new CustomEvent('key-image'));
  } catch {
    say(OFFLINE);
  }
}

/** Take the key of every viewer of this page, and its star. */
export function listen(): void {
  document.addEventListener('keyimage', (event) => void choose(event.target as Viewing));
  document.addEventListener('click', (event) => {
    if (!(event.target as Element).closest('[data-key-image]')) return;
    const viewer = document.querySelector<Viewing>('consilium-viewer');
    if (viewer !== null) void choose(viewer);
  });
}
