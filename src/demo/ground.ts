import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseDocument, YAMLMap, YAMLSeq } from 'yaml';

import { UsageError } from '../model/errors.ts';
import { packTestImages } from '../sandbox/image-loading.ts';
import { layoutOf } from '../sandbox/layout.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { testImages } from '../sandbox/test-images.ts';
import { docker } from './command-line.ts';

/** The hosts that the demo runs on. Disposing of it takes down what was brought up for it. */
export interface Ground extends AsyncDisposable {
  readonly hosts: readonly GroundHost[];
  readonly credentials: string;
}

export interface GroundHost {
  readonly name: string;
  readonly endpoint: string;
  readonly address: string;
  /** For the `docker` command. */
  readonly env: Readonly<Record<string, string>>;
}

/** Three engines of its own. */
export async function ownGround(
  dir: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Ground> {
  const sandbox = await startSandbox({ hosts: 3, dir: join(dir, 'fleet'), log, signal });
  const hosts = sandbox.hosts.map(({ name, endpoint, address, env }) => ({
    name,
    endpoint,
    address,
    env: { ...env },
  }));
  const close = async (): Promise<void> => {
    await sandbox[Symbol.asyncDispose]();
  };
  return { hosts, credentials: sandbox.credentials, [Symbol.asyncDispose]: close };
}

/**
 * The engine that DOCKER_HOST names, as a fleet of one host.
 *
 * @throws UsageError when it names none that can be used
 */
export async function namedGround(dir: string, log: (line: string) => void): Promise<Ground> {
  const endpoint = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const credentials = join(dir, 'credentials');
  const env: Record<string, string> = { DOCKER_HOST: endpoint };
  if (endpoint.startsWith('tcp://')) {
    const certificates = process.env['DOCKER_CERT_PATH'];
    if (certificates === undefined) {
      throw new UsageError(
        'Cannot use the engine of DOCKER_HOST: a tcp:// engine needs mutual TLS; set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem',
      );
    }
    await cp(certificates, join(credentials, 'host-1'), { recursive: true });
    Object.assign(env, { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates });
  } else if (!endpoint.startsWith('unix://')) {
    throw new UsageError(`Cannot use the engine "${endpoint}": name a unix:// or tcp:// one`);
  }
  await mkdir(credentials, { recursive: true });
  log('building the test images and loading them');
  const tags = testImages.map(({ tag }) => tag);
  const archive = await packTestImages(layoutOf(join(dir, 'images')), tags, log);
  if (archive !== null) {
    await writeFile(join(dir, 'images.tar'), archive);
    await docker(env, 'load', '--quiet', '--input', join(dir, 'images.tar'));
  }
  const address = endpoint.startsWith('tcp://') ? new URL(endpoint).hostname : '127.0.0.1';
  const host = { name: 'host-1', endpoint, address, env };
  return { hosts: [host], credentials, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The example's fleet.yaml with these hosts: names, labels and comments stay. */
export async function pointFleetAt(file: string, fleet: string, ground: Ground): Promise<void> {
  const document = parseDocument(await readFile(file, 'utf8'));
  document.set('name', fleet);
  const hosts = document.get('hosts');
  if (!(hosts instanceof YAMLSeq)) throw new Error(`${file} has no list of hosts`);
  hosts.splice(ground.hosts.length);
  for (const [index, { endpoint, address }] of ground.hosts.entries()) {
    const host = hosts[index];
    if (!(host instanceof YAMLMap)) throw new Error(`${file} has too few hosts`);
    host.set('endpoint', endpoint);
    host.set('address', address);
  }
  await writeFile(file, document.toString());
}
