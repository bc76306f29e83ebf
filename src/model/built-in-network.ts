/** Networks that every engine has. They take no aliases. */
export function isBuiltInNetwork(network: string): boolean {
  return network === 'host' || network === 'none' || network === 'bridge';
}
