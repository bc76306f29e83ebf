import fs from 'node:fs';
import { writeFile } from 'node:fs/promises';

import type { PromiseFsClient } from 'isomorphic-git';

/** Thrown in place of going on, once a pack has come. */
export class PackReceived extends Error {
  constructor() {
    super('the pack has been received');
  }
}

/**
 * A file system under which isomorphic-git receives a pack and does not make its index, which it would do in this thread,
 * for seconds, and without checking that all is there: to write the pack fails after it is written.
 */
export function receiveOnly(): PromiseFsClient {
  return {
    promises: {
      ...fs.promises,
      writeFile: async (file: string, data: Uint8Array | string, options?: object) => {
        await writeFile(file, data, options);
        if (file.endsWith('.pack')) throw new PackReceived();
      },
    },
  };
}
