/** The images of one case: what the server lists, what it streams and what has arrived. */
import type { Decoder } from './decoder';
import { Frames } from './frames';
import { Reformats, storedSeries } from './reformats';
import { imageAddress, ImageStream, linkClass, type StreamState } from './source';
import { all, listStudies, opening, pictured } from './studies';
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
  /** The frames, and cuts through those that are volumes. */
  readonly pictures: Reformats;
  private readonly stream: ImageStream;
  private closed = false;
  /** Where each series was looked at last. */
  private readonly looked = new Map<string, number>();

  constructor(
    readonly caseId: string,
    decoder: Decoder,
    private readonly events: ImagesEvents,
  ) {
    const changed = (id: string) => this.unlessClosed(() => events.changed(id));
    this.frames = new Frames({ decoder, changed, arrived: (series, index) => this.pictures.fed(series, index) });
    this.pictures = new Reformats(this.frames, changed);
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
      raw: typeof globalThis.WebAssembly !== 'object',
    });
    this.stream.open();
  }

  async list(): Promise<void> {
    try {
      const studies = await listStudies(this.caseId);
      this.unlessClosed(() => this.events.listed(studies));
      this.unlessClosed(() => this.foresee(studies));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'The list of images could not be loaded.';
      this.unlessClosed(() => this.events.unlisted(reason));
    }
  }

  /** The opening pictures of what else there is are fetched while nothing more urgent is. */
  private foresee(studies: readonly StudyListed[]): void {
    for (const series of studies.flatMap(pictured)) {
      this.stream.foresee(series.series_instance_uid, opening(series));
    }
  }

  /** Look at a frame: it and its neighbours come next. Of cuts, the slices they are made of come as they would anyway. */
  want(id: string, index: number): void {
    const series = storedSeries(id);
    if (series === id) this.looked.set(series, index);
    const { total, lossless } = this.frames.counted(series);
    if (total > 0 && lossless === total) return; // nothing is left to ask for
    this.stream.show(series, this.looked.get(series) ?? 0);
  }

  /** The series of a stored image, where its facts have come. */
  seriesOf(sop: string, studies: readonly StudyListed[]): string | null {
    const known = all(studies).map(({ series }) => this.frames.facts(series.series_instance_uid));
    return known.find((one) => one?.frames.some((frame) => frame.sop_instance_uid === sop))?.series ?? null;
  }

  /** Panes no longer show this; `shown` tells what of the case is still on the screen. What has come is kept. */
  release(id: string, shown: (id: string) => boolean): void {
    const series = storedSeries(id);
    const cuts = this.pictures.held.includes(series) && !shown(`${series}#`);
    if (cuts) this.pictures.close(series);
    if (!shown(series)) this.stream.drop(series);
  }

  close(): void {
    this.closed = true;
    this.stream.close();
    this.pictures.closeAll();
  }

  private unlessClosed(run: () => void): void {
    if (!this.closed) run();
  }
}
