import { buffer, text } from 'node:stream/consumers';

import { extract } from 'tar-stream';

import type { DockerHost, EngineRequest } from '../../src/fleet/docker-host.ts';
import { EngineError } from '../../src/fleet/engine-error.ts';
import type {
  WireContainer,
  WireListedContainer,
  WireNetwork,
  WireStats,
} from '../../src/fleet/wire.ts';

type Method = 'POST' | 'PUT' | 'DELETE';
type Asked = Pick<EngineRequest, 'path'> & Partial<EngineRequest>;

/** What the engine said no with. */
export interface Refused {
  readonly status: number;
  readonly message: string;
}

export const never = new AbortController().signal;

/** Short words for the requests that the contract is about. Containers are named by name or id. */
export class EngineShell {
  readonly host: DockerHost;

  constructor(host: DockerHost) {
    this.host = host;
  }

  get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.host.json<T>(request({ path, query }));
  }

  send(method: Method, path: string, more: Partial<EngineRequest> = {}): Promise<void> {
    return this.host.send(request({ method, path, ...more }));
  }

  /** Gives the id. */
  async create(name: string, body: object = {}): Promise<string> {
    const { Id } = await this.host.json<{ readonly Id: string }>(
      request({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body: { Image: 'testapp:v1', ...body },
      }),
    );
    return Id;
  }

  async run(name: string, body: object = {}): Promise<string> {
    const id = await this.create(name, body);
    await this.start(name);
    return id;
  }

  inspect(name: string): Promise<WireContainer> {
    return this.get<WireContainer>(`/containers/${name}/json`);
  }

  list(query: Readonly<Record<string, string>> = {}): Promise<readonly WireListedContainer[]> {
    return this.get('/containers/json', query);
  }

  stats(name: string): Promise<WireStats> {
    return this.get(`/containers/${name}/stats`, { stream: 'false', 'one-shot': 'true' });
  }

  start(name: string): Promise<void> {
    return this.send('POST', `/containers/${name}/start`);
  }

  stop(name: string, seconds?: number): Promise<void> {
    const query: Record<string, string> = seconds === undefined ? {} : { t: String(seconds) };
    return this.send('POST', `/containers/${name}/stop`, { query });
  }

  restart(name: string): Promise<void> {
    return this.send('POST', `/containers/${name}/restart`);
  }

  signal(name: string, signal: string): Promise<void> {
    return this.send('POST', `/containers/${name}/kill`, { query: { signal } });
  }

  /** A request to a container that has no body, such as `pause`. */
  tell(name: string, verb: 'pause' | 'unpause' | 'kill'): Promise<void> {
    return this.send('POST', `/containers/${name}/${verb}`);
  }

  update(name: string, body: object): Promise<void> {
    return this.send('POST', `/containers/${name}/update`, { body });
  }

  rename(name: string, to: string): Promise<void> {
    return this.send('POST', `/containers/${name}/rename`, { query: { name: to } });
  }

  remove(name: string, query: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.send('DELETE', `/containers/${name}`, { query });
  }

  async log(name: string, query: Readonly<Record<string, string>>): Promise<Buffer> {
    const path = `/containers/${name}/logs`;
    return buffer(await this.host.stream(request({ path, query })));
  }

  /** The files at a path of a container, by their names in the archive. */
  async files(name: string, path: string): Promise<Readonly<Record<string, string>>> {
    const archive = await this.host.stream(
      request({ path: `/containers/${name}/archive`, query: { path } }),
    );
    const files: Record<string, string> = {};
    for await (const entry of archive.pipe(extract())) {
      const content = await text(entry);
      if (entry.header.type === 'file') files[entry.header.name] = content;
    }
    return files;
  }

  /** Gives the id. */
  async createNetwork(name: string, body: object = {}): Promise<string> {
    const { Id } = await this.host.json<{ readonly Id: string }>(
      request({ method: 'POST', path: '/networks/create', body: { Name: name, ...body } }),
    );
    return Id;
  }

  networks(name: string): Promise<readonly WireNetwork[]> {
    return this.get('/networks', { filters: JSON.stringify({ name: [name] }) });
  }

  connect(network: string, container: string, aliases?: readonly string[]): Promise<void> {
    const config = aliases === undefined ? {} : { EndpointConfig: { Aliases: aliases } };
    const body = { Container: container, ...config };
    return this.send('POST', `/networks/${network}/connect`, { body });
  }

  disconnect(network: string, container: string): Promise<void> {
    const body = { Container: container };
    return this.send('POST', `/networks/${network}/disconnect`, { body });
  }
}

/** What a request was refused with; fails when it was not. */
export async function refused(asked: Promise<unknown>): Promise<Refused> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof EngineError) || error.trouble !== 'status') throw error;
    return { status: error.status, message: error.message };
  }
  throw new Error('The engine did not refuse');
}

function request(asked: Asked): EngineRequest {
  return { what: 'ask', deadlineMs: 60_000, signal: never, ...asked };
}
