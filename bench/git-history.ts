import { runNative } from './git-native.ts';

export interface GrowingHistory {
  /** One more commit, which changes one file. */
  readonly next: () => Promise<void>;
}

/** Fills a bare repository with manifests of 100 teams, and commits that change one of them each. */
export async function importCommits(
  bare: string,
  files: number,
  commits: number,
): Promise<GrowingHistory> {
  let version = 0;
  const all = Array.from({ length: files }, (_, index) => index);
  const stream = [commitOf(0, all)];
  for (version = 1; version < commits; version += 1) {
    stream.push(commitOf(version, [(version * 7919) % files]));
  }
  await runNative(bare, ['fast-import', '--quiet', '--depth=50'], stream.join(''));
  return {
    next: async () => {
      version += 1;
      const one = commitOf(version, [(version * 7919) % files], 'refs/heads/main^0');
      await runNative(bare, ['fast-import', '--quiet'], one);
    },
  };
}

function commitOf(version: number, changed: readonly number[], from = ''): string {
  const files = changed.map((index) => {
    const path = `apps/team-${index % 100}/app-${index}/compose.yaml`;
    return `M 644 inline ${path}\n${data(manifestOf(index, version))}`;
  });
  const seconds = 1_700_000_000 + version;
  const head = `commit refs/heads/main\ncommitter Ada <ada@example.com> ${seconds} +0000\n`;
  const parent = from === '' ? '' : `from ${from}\n`;
  return `${head}${data(`version ${version}`)}${parent}${files.join('')}\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function manifestOf(index: number, version: number): string {
  const services = ['web', 'api', 'worker'].map(
    (name, at) => `  ${name}:
    image: registry.example.com/team-${index % 100}/${name}:${version}.${index % 10}.1
    environment: { DATABASE_URL: "postgres://db:5432/app_${index}", SHARD: "${(index * 31 + at) % 977}" }
    ports: ["${8000 + ((index + at) % 1000)}"]
    deploy: { replicas: ${1 + (index % 4)} }
`,
  );
  return `name: app-${index}\nservices:\n${services.join('')}`;
}
