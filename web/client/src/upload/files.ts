/** Files of a drop or a picker, with the folder they came from in their name. */

/** A file and the name people know it by, folders included. */
export interface Chosen {
  readonly name: string;
  readonly file: File;
}

const LITTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*|\._[^/]*)$/i;

/** Files of an `<input type=file>`, also one that picks a folder. */
export function picked(input: HTMLInputElement): Chosen[] {
  return [...(input.files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(wanted);
}

/** Files of a drop; folders are read to their depths. */
export async function dropped(transfer: DataTransfer): Promise<Chosen[]> {
  // Entries must be taken before the first await: the transfer is emptied afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ name: file.name, file })).filter(wanted);
  const found: Chosen[] = [];
  for (const entry of entries) await read(entry, found);
  return found.filter(wanted);
}

/** Whether these are the files an interrupted upload was about: same names and sizes, in any order. */
export function sameFiles(chosen: readonly Chosen[], announced: readonly { name: string; size: number }[]): boolean {
  const key = (name: string, size: number): string => `${size}:${name}`;
  const left = new Set(announced.map((file) => key(file.name, file.size)));
  return chosen.length === announced.length && chosen.every((one) => left.has(key(one.name, one.file.size)));
}

function wanted(one: Chosen): boolean {
  return !LITTER.test(one.name);
}

async function read(entry: FileSystemEntry, into: Chosen[]): Promise<void> {
  const name = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ name, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A directory is given in portions; an empty one is the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return;
    for (const child of portion) await read(child, into);
  }
}
