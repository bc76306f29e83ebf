import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { eventually } from './eventually.ts';
import { shellOf } from './sandbox.ts';

/**
 * The manifest of clients, one on each host but the third. Each asks again and again who answers, and then whether that one
 * is ready, and prints what it is told. For each request it looks the name up anew, and speaks HTTP by
 * itself: wget asks the C library, which cannot look names up in a static program.
 *
 * @param network on which the name can be looked up
 */
export function clientManifest(name: string, network: string, proxies: string): object {
  const script = `
    nl='
'
    ask() {
      found=$$(nslookup -type=a ${name} 2>&1) || { echo "failed: $$found"; return; }
      answer=$$(printf 'GET %s HTTP/1.0\\r\\nHost: ${name}\\r\\n\\r\\n' "$$1" | nc -w 5 "$\${found##*Address: }" 8000 2>&1)
      case "$$answer" in
        HTTP/1.?' 200'*) echo "$\${answer##*$$nl}" ;;
        *) echo "failed: $$1 $$found: $$answer" ;;
      esac
    }
    while true; do ask /; ask /ready; sleep 0.05; done`;
  return {
    services: {
      client: {
        image: 'testapp:v1',
        command: ['sh', '-c', script],
        tty: true,
        networks: ['fleet'],
        stop_grace_period: '0s',
        deploy: {
          mode: 'global',
          placement: { constraints: ['node.labels.zone != c'] },
          update_config: { monitor: '200ms' },
        },
        'x-fleetwright': { gate: { minHealthyTime: '100ms' } },
      },
    },
    networks: { fleet: { name: network, external: true } },
    'x-fleetwright': { dependsOn: [{ application: proxies, condition: 'healthy' }] },
  };
}

/** What one client is told. */
export class NameClient {
  readonly #host: HostDescription;
  readonly #container: string;
  #read = 0;

  constructor(host: HostDescription, container: string) {
    this.#host = host;
    this.#container = container;
  }

  /** The different lines that it has printed since this was asked last, without a line that is not whole yet. */
  async take(): Promise<ReadonlySet<string>> {
    const lines = await this.#lines();
    const fresh = lines.slice(this.#read, -1);
    this.#read += fresh.length;
    return new Set(fresh.map((line) => line.trim()).filter(Boolean));
  }

  /** It has been answered so since now. */
  async isAnswered(answer: string): Promise<void> {
    const before = (await this.#lines()).length;
    await eventually(`"${answer}" is answered`, async () => {
      const lines = (await this.#lines()).slice(before);
      return lines.some((line) => line.trim() === answer) ? true : null;
    });
  }

  async #lines(): Promise<readonly string[]> {
    const container = shellOf(this.#host).getContainer(this.#container);
    return String(await container.logs({ stdout: true, stderr: true })).split('\n');
  }
}
