import type { ArchiveImage } from './docker-archive.ts';

/** A tag of the test application: how it behaves comes from the environment baked into the image. */
export interface TestImage {
  readonly tag: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck?: ArchiveImage['healthcheck'];
  /** Default: this machine's. */
  readonly architecture?: string;
}

const command = ['testapp'];

/** What a sandbox loads into every engine. See testapp.c for the variables. */
export const testImages: readonly TestImage[] = [
  { tag: 'testapp:v1', environment: { VERSION: 'v1' } },
  { tag: 'testapp:v2', environment: { VERSION: 'v2' } },
  { tag: 'testapp:v3', environment: { VERSION: 'v3' } },
  {
    tag: 'testapp:unhealthy',
    environment: { VERSION: 'unhealthy', HEALTH: 'fail' },
    healthcheck: {
      test: ['CMD', 'testapp', 'check'],
      intervalMs: 1000,
      timeoutMs: 2000,
      retries: 2,
    },
  },
  { tag: 'testapp:crash', environment: { VERSION: 'crash', EXIT_CODE: '1' } },
  { tag: 'testapp:slow', environment: { VERSION: 'slow', READY_DELAY_MS: '10000' } },
  { tag: 'testapp:stubborn', environment: { VERSION: 'stubborn', ON_TERM: 'ignore' } },
  // The same program: only its configuration claims another platform, which is what an operator judges by.
  { tag: 'testapp:arm64', environment: { VERSION: 'arm64' }, architecture: 'arm64' },
];

export function toArchiveImage(image: TestImage, architecture: string): ArchiveImage {
  return {
    tag: image.tag,
    architecture: image.architecture ?? architecture,
    command,
    environment: { PATH: '/bin', ...image.environment },
    exposedPorts: ['8080/tcp'],
    healthcheck: image.healthcheck ?? null,
  };
}

/** The Go name of this machine's architecture, as image configurations write it. */
export function goArchitecture(arch: string): string {
  return arch === 'x64' ? 'amd64' : arch;
}
