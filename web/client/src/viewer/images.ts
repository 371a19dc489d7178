/** The images of one case: what the server lists, what it streams and what has arrived. */
import type { Decoder } from './decoder';
import { Frames } from './frames';
import { imageAddress, ImageStream, linkClass, type StreamState } from './source';
import { listStudies } from './studies';
import type { SeriesFacts, StudyListed } from './types';

export interface ImagesEvents {
  readonly listed: (studies: readonly StudyListed[]) => void;
  /** The list could not be had; the reason can be shown. */
  readonly unlisted: (reason: string) => void;
  /** A series was announced: its frames are known. */
  readonly announced: (facts: SeriesFacts) => void;
  /** A frame of the series looks better than before. */
  readonly changed: (series: string) => void;
  /** A series, or one frame of it, cannot be shown. */
  readonly failed: (series: string, reason: string) => void;
  readonly state: (state: StreamState, reason: string) => void;
}

export class CaseImages {
  readonly frames: Frames;
  private readonly stream: ImageStream;
  private closed = false;

  constructor(
    readonly caseId: string,
    decoder: Decoder,
    private readonly events: ImagesEvents,
  ) {
    this.frames = new Frames({ decoder, changed: (series) => this.unlessClosed(() => events.changed(series)) });
    this.stream = new ImageStream({
      series: (facts) => {
        this.frames.open(facts);
        events.announced(facts);
      },
      frame: (series, index, payload) => this.frames.put(series, index, payload),
      failed: (series, index, reason) => {
        this.frames.fail(series, index, reason);
        events.failed(series, reason);
      },
      state: (state, reason) => this.unlessClosed(() => events.state(state, reason)),
      have: (series) => this.frames.have(series),
      address: () => imageAddress(caseId),
      link: linkClass,
    });
    this.stream.open();
  }

  async list(): Promise<void> {
    try {
      const studies = await listStudies(this.caseId);
      this.unlessClosed(() => this.events.listed(studies));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'The list of images could not be loaded.';
      this.unlessClosed(() => this.events.unlisted(reason));
    }
  }

  /** Look at a frame: it and its neighbours come next. */
  want(series: string, index: number): void {
    this.stream.show(series, index);
  }

  /** No pane shows the series any more: what has come is kept, more is not asked for. */
  release(series: string): void {
    this.stream.drop(series);
  }

  close(): void {
    this.closed = true;
    this.stream.close();
  }

  private unlessClosed(run: () => void): void {
    if (!this.closed) run();
  }
}
