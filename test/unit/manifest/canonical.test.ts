import { describe, expect, it } from 'vitest';

import { canonicalise } from '../../../src/manifest/canonical.ts';
import { locate } from '../../../src/manifest/node.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

function service(text: string): string {
  return `services: {a: ${text}}`;
}

describe('canonicalise()', () => {
  it.each([
    ['environment: [A=1, B=, C, "D=x=y"]', 'environment: {A: "1", B: "", C: null, D: x=y}'],
    ['labels: [a=1, b]', 'labels: {a: "1", b: ""}'],
    ['deploy: {labels: [a=1]}', 'deploy: {labels: {a: "1"}}'],
    ['depends_on: [b]', 'depends_on: {b: {condition: service_started, required: true}}'],
    ['networks: [x, y]', 'networks: {x: null, y: null}'],
    ['ports: [80]', 'ports: [{mode: ingress, target: 80, protocol: tcp}]'],
    [
      'ports: ["127.0.0.1:90-91:80-81/udp"]',
      'ports: [{mode: ingress, host_ip: 127.0.0.1, target: 80, published: "90", protocol: udp}, {mode: ingress, host_ip: 127.0.0.1, target: 81, published: "91", protocol: udp}]',
    ],
    ['ports: [{target: 80}]', 'ports: [{target: 80}]'],
    ['volumes: [data:/t]', 'volumes: [{type: volume, source: data, target: /t, volume: {}}]'],
    ['volumes: [/t]', 'volumes: [{type: volume, target: /t, volume: {}}]'],
    [
      'volumes: [data:/t:nocopy]',
      'volumes: [{type: volume, source: data, target: /t, volume: {nocopy: true}}]',
    ],
    [
      'volumes: ["/s:/t:ro,rslave"]',
      'volumes: [{type: bind, source: /s, target: /t, read_only: true, bind: {create_host_path: true, propagation: rslave}}]',
    ],
    ['env_file: a', 'env_file: [{path: a, required: true}]'],
    ['env_file: [a, {path: b}]', 'env_file: [{path: a, required: true}, {path: b}]'],
    ['configs: [a, {source: b}]', 'configs: [{source: a}, {source: b}]'],
    ['command: echo "a b"', 'command: [echo, a b]'],
    ['entrypoint: ""', 'entrypoint: []'],
    ['dns: ["", 1.1.1.1]', 'dns: [1.1.1.1]'],
    ['dns: ""', 'dns: []'],
    ['dns: 1.1.1.1', 'dns: 1.1.1.1'],
    ['command: ', 'command: '],
    ['command: [a]', 'command: [a]'],
    ['healthcheck: {test: curl -f x}', 'healthcheck: {test: [CMD-SHELL, curl -f x]}'],
    ['healthcheck: {test: [NONE]}', 'healthcheck: {test: [NONE]}'],
    ['image: [odd], ports: odd, environment: 5', 'image: [odd], ports: odd, environment: 5'],
  ])('turns %s into the long form', (text, expected) => {
    const { node, diagnostics } = canonicalise(yaml(service(`{${text}}`)));
    expect(plain(node)).toEqual(plain(service(`{${expected}}`)));
    expect(diagnostics).toEqual([]);
    expect(plain(canonicalise(node).node)).toEqual(plain(node));
  });

  it('reads lists of labels of networks and volumes', () => {
    const text = 'networks: {n: {labels: [a=1]}}\nvolumes: {v: {labels: [b]}, w: }';
    expect(plain(canonicalise(yaml(text)).node)).toEqual({
      networks: { n: { labels: { a: '1' } } },
      volumes: { v: { labels: { b: '' } }, w: null },
    });
  });

  it('lets every member of a long form stand where the short form stands', () => {
    const node = canonicalise(
      yaml('services:\n  a:\n    ports:\n      - "1:1"\n      - "80:81"'),
    ).node;
    const published = ['services', 'a', 'ports', '1', 'published'];
    const place = { file: 'compose.yaml', line: 5, column: 9 };
    expect(locate(node, published)).toEqual({ key: place, value: place });
  });

  it.each([
    ['command: a; b', '1:25 warning command-cut-short services.a.command'],
    ['command: a "b', '1:25 error invalid-command services.a.command'],
    ['ports: ["1:1", "x:80"]', '1:31 error invalid-port services.a.ports.1'],
    ['volumes: [data::ro]', '1:26 error invalid-volume services.a.volumes.0'],
    ['volumes: [data:/t:r]', '1:26 warning unknown-volume-option services.a.volumes.0'],
  ])('complains about %s at its place', (text, expected) => {
    const { diagnostics } = canonicalise(yaml(service(`{${text}}`)));
    expect(
      diagnostics.map(
        (each) => `${each.line}:${each.column} ${each.severity} ${each.code} ${each.path}`,
      ),
    ).toEqual([expected]);
  });

  it('says what to do about a command that is cut short', () => {
    const { diagnostics } = canonicalise(yaml(service('{command: "echo a && echo b"}')));
    expect(diagnostics[0]).toMatchObject({
      message: '"&" ends the command, and what follows is not run: no shell reads it',
      hint: 'Write ["sh", "-c", "…"] for a shell, or put the character in quotes',
    });
  });
});
