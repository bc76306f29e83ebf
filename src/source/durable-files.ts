import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that, whenever the machine stops, it holds either its old or its new text. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  await syncPath(dirname(file));
}

/** Waits until a file's bytes, or a folder's names, are on the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
