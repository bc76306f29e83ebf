import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../../src/sandbox/command.ts';

/** Files of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority of its own. */
export function makeAuthority(folder: string, name: string): Promise<Certificate> {
  return make(folder, name, ['basicConstraints=critical,CA:TRUE'], []);
}

/** Makes a certificate for the names, such as `IP:127.0.0.1` or `DNS:git.example.com`, that an authority vouches for. */
export function makeCertificate(
  folder: string,
  name: string,
  { cert, key }: Certificate,
  names: readonly string[],
): Promise<Certificate> {
  const extensions = ['basicConstraints=critical,CA:FALSE', `subjectAltName=${names.join(',')}`];
  return make(folder, name, extensions, ['-CA', cert, '-CAkey', key]);
}

async function make(
  folder: string,
  name: string,
  extensions: readonly string[],
  signing: readonly string[],
): Promise<Certificate> {
  await mkdir(folder, { recursive: true });
  const [cert, key, config] = ['cert', 'key', 'cnf'].map((end) => join(folder, `${name}.${end}`));
  if (cert === undefined || key === undefined || config === undefined) throw new Error('no names');
  // A configuration of our own: the system's adds extensions, and the same one twice makes a certificate invalid.
  const text = `[req]\ndistinguished_name=name\n[name]\n[own]\n${extensions.join('\n')}\n`;
  await writeFile(config, text);
  const naming = ['-config', config, '-extensions', 'own', '-subj', `/CN=${name}`, '-days', '2'];
  const keying = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [
    'req',
    '-x509',
    ...naming,
    ...keying,
    ...signing,
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  return { cert, key };
}
