import { child, complain, readText, readTexts, type Cursor } from '../cursor.ts';
import { cleanPath } from '../scalars/volume.ts';

/** The key `tmpfs`: options by target. */
export function resolveTmpfs(service: Cursor): Readonly<Record<string, string>> {
  const tmpfs = child(service, 'tmpfs');
  const text = readText(tmpfs);
  const written = text === null ? readTexts(tmpfs) : [text];
  return Object.fromEntries(
    written.map((each) => {
      const [path = '', ...options] = each.split(':');
      if (!path.startsWith('/')) {
        complain(tmpfs, 'invalid-value', `the target "${path}" is not an absolute path`);
      }
      return [cleanPath(path), options.join(':')];
    }),
  );
}
