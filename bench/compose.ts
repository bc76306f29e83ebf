import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { run } from '../src/sandbox/command.ts';
import type { Ground, Roll } from './workload.ts';
import { healthcheckYaml, images, port, timeRoll } from './workload.ts';

/** All replicas recreated at once by `docker-compose up -d`: it stops each old one before it makes the new one. */
export async function rollCompose(ground: Ground): Promise<Roll> {
  const { host, dir, workload, signal } = ground;
  const file = join(dir, 'docker-compose.yml');
  const compose = async (...args: readonly string[]): Promise<void> => {
    const { env } = host;
    // Compose 1 lets these variables of Python's HTTP client win over the certificate it was told to trust.
    const trust = join(env.DOCKER_CERT_PATH, 'ca.pem');
    await run('docker-compose', ['-p', 'bench', '-f', file, ...args], {
      env: { ...env, REQUESTS_CA_BUNDLE: trust, CURL_CA_BUNDLE: trust },
      signal,
    });
  };
  const up = async (): Promise<null> => {
    await compose('up', '-d', '--scale', `web=${workload.replicas}`);
    return null;
  };
  const write = async (image: string): Promise<void> => {
    const web = {
      image,
      ports: [String(port)],
      restart: 'unless-stopped',
      ...healthcheckYaml(workload),
    };
    await writeFile(file, stringify({ version: '3.8', services: { web } }));
  };
  await write(images.before);
  await up();
  await write(images.after);
  return await timeRoll(ground, up);
}
