/** The pieces of the upload panel as DOM nodes; whatever files and server say is set as text, never as markup. */
import type { FileResult, Patient, Progress, Upload } from './transfer';

type Child = Node | string;

/** An element with attributes and children. */
export function make(tag: string, attributes: Record<string, string> = {}, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(label: string, look: string, act: () => void): HTMLElement {
  const made = make('button', { type: 'button', class: look }, label);
  made.addEventListener('click', act);
  return made;
}

/** A labelled progress bar with a line of text under it. */
export function bar(label: string, share: number, line: string): HTMLElement {
  const percent = String(Math.round(share * 100));
  const progress = make('progress', { max: '100', value: percent, 'aria-label': label });
  return make('div', { class: 'upload-bar' }, progress, make('p', { class: 'small muted' }, line));
}

/** Bytes as people read them. */
export function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}

/** One or many of a noun. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** The sending: all of it, then the files on their way. */
export function sending(progress: Progress): HTMLElement {
  const share = progress.totalBytes === 0 ? 1 : progress.bytes / progress.totalBytes;
  const line =
    `${size(progress.bytes)} of ${size(progress.totalBytes)} · ` +
    `${progress.files.toLocaleString('en')} of ${count(progress.totalFiles, 'file')}`;
  const files = progress.current.map((one) => bar(one.name, one.share, one.name));
  return make(
    'div',
    { class: 'stack' },
    bar('All files', share, line),
    make('div', { class: 'upload-files' }, ...files),
  );
}

/** Checking or keeping on the server. */
export function working(upload: Upload): HTMLElement {
  const what = upload.state === 'checking' ? 'Checking' : 'Filing';
  const line = upload.total === 0 ? `${what} …` : `${what} ${upload.done} of ${count(upload.total, 'file')}`;
  return bar(what, upload.total === 0 ? 0 : upload.done / upload.total, line);
}

/** The question whether the files are of this patient, both values beside each other. */
export function question(upload: Upload): HTMLElement {
  const rows = upload.differences.map((one) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, capital(one.field)),
      make('td', { 'data-label': 'In the files' }, one.found || 'not given'),
      make('td', { 'data-label': 'In the case' }, one.expected || 'not given'),
    ),
  );
  const head = ['Differs', 'In the files', 'In the case'].map((text) => make('th', { scope: 'col' }, text));
  return make(
    'div',
    { class: 'stack' },
    make('h3', { tabindex: '-1' }, 'Is this the right patient?'),
    make('p', {}, 'The files do not say quite the same as the case. Nothing is taken until you answer.'),
    make(
      'div',
      { class: 'table-wrap' },
      make('table', { class: 'table' }, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...rows)),
    ),
  );
}

/** Every patient found, for a disc with more than one. */
export function patients(found: readonly Patient[]): HTMLElement {
  const lines = found.map((one) =>
    make(
      'li',
      {},
      make('strong', {}, one.name.replaceAll('^', ' ').trim() || 'no name'),
      ` · born ${one.born_on || 'not given'} · ${one.sex || 'sex not given'} · ID ${one.patient_id || 'not given'}`,
    ),
  );
  return make('ul', { class: 'upload-patients' }, ...lines);
}

/** What became of the files in one sentence. */
export function summary(results: readonly FileResult[]): string {
  const number = (result: FileResult['result']): number => results.filter((one) => one.result === result).length;
  const parts = [`${count(number('taken'), 'file')} taken`];
  if (number('already here') > 0) parts.push(`${number('already here')} already here`);
  if (number('refused') > 0) parts.push(`${number('refused')} refused`);
  if (number('passed over') > 0) parts.push(`${number('passed over')} not needed`);
  return `${parts.join(', ')}.`;
}

/** Every file that was not taken or has no picture, with its reason; nothing when there is none. */
export function reasons(results: readonly FileResult[]): HTMLElement | null {
  const told = results.filter((one) => one.reason !== '');
  if (told.length === 0) return null;
  const lines = told.map((one) =>
    make('li', {}, make('span', { class: 'upload-name' }, one.name), make('span', { class: 'small' }, one.reason)),
  );
  const open = results.some((one) => one.result === 'refused') ? { open: '' } : {};
  return make(
    'details',
    { class: 'upload-reasons', ...open },
    make('summary', {}, `${count(told.length, 'file')} with a remark`),
    make('ul', {}, ...lines),
  );
}

/** What did not get into the case on earlier days. */
export function earlier(refused: readonly { name: string; reason: string; at: string }[]): HTMLElement {
  const lines = refused.map((one) =>
    make(
      'li',
      {},
      make('span', { class: 'upload-name' }, one.name),
      make('span', { class: 'small' }, one.reason),
      make('time', { class: 'small muted', datetime: one.at }, new Date(one.at).toLocaleString('en-GB')),
    ),
  );
  const title = make('summary', {}, `${count(refused.length, 'file')} not taken earlier`);
  return make('details', { class: 'upload-reasons' }, title, make('ul', {}, ...lines));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
