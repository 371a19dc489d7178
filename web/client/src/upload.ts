/**
 * `<consilium-upload data-case="…">`: images into a case, by dropping or choosing files, a folder or a zip.
 *
 * Sends in parts that resume, shows how far it is, asks when the patient in the files differs from the case's, and
 * gives a reason for every file that was not taken. An interrupted upload goes on when the same files are chosen.
 */
import './pages/upload.css';
import { dropped, picked, sameFiles, type Chosen } from './upload/files';
import { ask, Refused, Transfer, type Progress, type Upload } from './upload/transfer';
import {
  button,
  count,
  earlier,
  make,
  patients,
  question,
  reasons,
  sending,
  size,
  summary,
  working,
} from './upload/show';

const POLL_MS = 700;

class UploadPanel extends HTMLElement {
  private base = '';
  private interrupted: Upload | null = null;
  private transfer: Transfer | null = null;
  private announced = -1;

  connectedCallback(): void {
    this.base = `/cases/${this.dataset['case'] ?? ''}/uploads`;
    const zone = this.piece('zone');
    for (const input of this.querySelectorAll<HTMLInputElement>('input[type="file"]')) {
      input.addEventListener('change', () => {
        void this.take(picked(input));
        input.value = '';
      });
    }
    for (const opener of this.querySelectorAll<HTMLButtonElement>('button[data-opens]')) {
      opener.addEventListener('click', () => this.piece(opener.dataset['opens'] ?? '').click());
    }
    for (const type of ['dragenter', 'dragover'] as const) {
      zone.addEventListener(type, (event) => {
        event.preventDefault();
        zone.dataset['over'] = '';
      });
    }
    zone.addEventListener('dragleave', () => delete zone.dataset['over']);
    zone.addEventListener('drop', (event) => {
      event.preventDefault();
      delete zone.dataset['over'];
      if (event.dataTransfer !== null) void dropped(event.dataTransfer).then((chosen) => this.take(chosen));
    });
    window.addEventListener('beforeunload', this.hold);
    void this.goOn();
  }

  disconnectedCallback(): void {
    window.removeEventListener('beforeunload', this.hold);
    this.transfer?.stop();
  }

  private readonly hold = (event: BeforeUnloadEvent): void => {
    if (this.transfer !== null) event.preventDefault();
  };

  private piece(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
  }

  private show(...nodes: Node[]): void {
    this.piece('panel').replaceChildren(...nodes);
  }

  private say(text: string): void {
    this.piece('status').textContent = text;
  }

  private alarm(text: string): void {
    this.piece('alert').textContent = text;
    this.piece('alert').hidden = text === '';
  }

  private choosing(possible: boolean): void {
    this.piece('zone').hidden = !possible;
  }

  /** What an earlier visit left under way. */
  private async goOn(): Promise<void> {
    try {
      await this.remember();
      const answer = (await (await ask(this.base)).json()) as { uploads: Upload[] };
      const last = answer.uploads.at(-1);
      if (last === undefined) return;
      if (last.state === 'receiving') this.offer(last);
      else await this.follow(last);
    } catch (error) {
      this.failed(error);
    }
  }

  private async remember(): Promise<void> {
    const path = this.base.replace(/uploads$/, 'refusals.json');
    const told = (await (await ask(path)).json()) as { refusals: { name: string; reason: string; at: string }[] };
    if (told.refusals.length > 0) this.piece('earlier').replaceChildren(earlier(told.refusals));
  }

  private offer(upload: Upload): void {
    this.interrupted = upload;
    const have = upload.received.reduce((sum, part) => sum + part, 0);
    const all = upload.files.reduce((sum, file) => sum + file.size, 0);
    const line =
      `An upload of ${count(upload.files.length, 'file')} stopped at ${size(have)} of ${size(all)}. ` +
      'Choose the same files again and it goes on from there.';
    this.show(make('p', {}, line), this.row(button('Forget it', 'btn btn-small', () => void this.forget(upload))));
  }

  private async forget(upload: Upload): Promise<void> {
    try {
      await ask(`${this.base}/${upload.id}`, 'DELETE');
      this.interrupted = null;
      this.show();
      this.choosing(true);
      this.say('Nothing was taken.');
    } catch (error) {
      this.failed(error);
    }
  }

  private async take(chosen: Chosen[]): Promise<void> {
    if (chosen.length === 0 || this.transfer !== null) return;
    this.alarm('');
    this.choosing(false);
    try {
      const upload = await this.begun(chosen);
      this.interrupted = null;
      this.transfer = new Transfer(this.base, upload, chosen, (progress) => this.progress(progress));
      await this.transfer.send();
      this.transfer = null;
      this.say('Everything is sent. Checking the files.');
      await this.follow(await this.act(upload, 'finish'));
    } catch (error) {
      this.failed(error);
    }
  }

  private async begun(chosen: Chosen[]): Promise<Upload> {
    const earlier = this.interrupted;
    if (earlier !== null && sameFiles(chosen, earlier.files)) {
      return (await (await ask(`${this.base}/${earlier.id}`)).json()) as Upload;
    }
    const files = chosen.map((one) => ({ name: one.name, size: one.file.size }));
    const headers = { 'Content-Type': 'application/json' };
    const deidentify = (this.piece('deidentify') as HTMLInputElement).checked;
    return (await (await ask(this.base, 'POST', JSON.stringify({ files, deidentify }), headers)).json()) as Upload;
  }

  private progress(progress: Progress): void {
    this.show(sending(progress));
    const quarter = progress.totalBytes === 0 ? 4 : Math.floor((4 * progress.bytes) / progress.totalBytes);
    if (progress.waiting) this.say('The connection is lost. It is tried again; nothing is lost.');
    else if (quarter !== this.announced) this.say(`${quarter * 25} % sent.`);
    this.announced = progress.waiting ? -1 : quarter;
  }

  private async act(upload: Upload, verb: 'finish' | 'confirm'): Promise<Upload> {
    return (await (await ask(`${this.base}/${upload.id}/${verb}`, 'POST')).json()) as Upload;
  }

  /** Follow the server's work to its end or its question. */
  private async follow(upload: Upload): Promise<void> {
    this.choosing(false);
    let now = upload;
    while (now.state === 'checking' || now.state === 'keeping') {
      if (now.interrupted) now = await this.act(now, 'finish');
      this.show(working(now));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      try {
        now = (await (await ask(`${this.base}/${upload.id}`)).json()) as Upload;
      } catch (error) {
        if (error instanceof Refused) throw error;
        this.say('The connection is lost. The server goes on; this page looks again.');
      }
    }
    if (now.state === 'asking') this.asked(now);
    else this.ended(now);
  }

  private asked(upload: Upload): void {
    const asked = question(upload);
    const yes = button('Yes, this is the patient: take the files', 'btn btn-primary', () => {
      this.show();
      void this.act(upload, 'confirm').then(
        (next) => this.follow(next),
        (error: unknown) => this.failed(error),
      );
    });
    const no = button('No, take nothing', 'btn', () => void this.forget(upload));
    this.show(asked, this.row(yes, no));
    this.say('The patient in the files differs from the case. Please answer the question.');
    asked.querySelector('h3')?.focus();
  }

  private ended(upload: Upload): void {
    const remarks = reasons(upload.results);
    if (upload.state === 'refused') {
      this.alarm(upload.reason);
      this.show(...(upload.patients.length > 1 ? [patients(upload.patients)] : []), ...(remarks ? [remarks] : []));
      this.say('');
    } else {
      const some = upload.results.some((one) => one.result === 'taken' || one.result === 'already here');
      this.alarm(some ? '' : 'None of these files could be taken.');
      const reload = button('Show them in the case', 'btn btn-primary', () => {
        location.reload();
      });
      this.show(...(remarks ? [remarks] : []), ...(some ? [this.row(reload)] : []));
      this.say(summary(upload.results));
      this.dispatchEvent(new CustomEvent('images-added', { bubbles: true }));
    }
    this.choosing(true);
  }

  private failed(error: unknown): void {
    this.transfer?.stop();
    this.transfer = null;
    this.choosing(true);
    this.say('');
    this.alarm(
      error instanceof Refused
        ? error.message
        : 'The server cannot be reached. Check the connection, then choose the files again.',
    );
  }

  private row(...buttons: HTMLElement[]): HTMLElement {
    return make('div', { class: 'row' }, ...buttons);
  }
}

customElements.define('consilium-upload', UploadPanel);
