/**
 * How long each discipline has spoken on a case, as this window heard it.
 *
 * It is kept nowhere else and ends with the window: it only tells the room who has not been heard yet. Pure.
 */

/** A cough is no contribution. */
export const SPOKE_S = 5;

export class Talk {
  private readonly seconds = new Map<string, number>();

  /** These people were audible for so long while this case was on the table; those of one discipline count once. */
  heard(item: string, disciplines: Iterable<string>, seconds: number): void {
    for (const discipline of new Set(disciplines)) {
      const key = `${item} ${discipline}`;
      this.seconds.set(key, (this.seconds.get(key) ?? 0) + seconds);
    }
  }

  /** Whole seconds the discipline has spoken on the case. */
  spoken(item: string, discipline: string): number {
    return Math.floor(this.seconds.get(`${item} ${discipline}`) ?? 0);
  }
}

/** `40 s`, `2 min`. */
export function lasting(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
