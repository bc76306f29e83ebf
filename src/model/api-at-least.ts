/** Whether a version is `wanted` or newer. Versions are `major.minor`, compared as numbers: 1.9 is older than 1.10. */
export function apiAtLeast(version: string, wanted: string): boolean {
  const [major, minor] = parts(version);
  const [wantedMajor, wantedMinor] = parts(wanted);
  return major === wantedMajor ? minor >= wantedMinor : major > wantedMajor;
}

function parts(version: string): readonly [number, number] {
  const [major = '0', minor = '0'] = version.split('.');
  return [Number(major), Number(minor)];
}
