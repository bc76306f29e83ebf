import { expect, it } from 'vitest';

import { toEngineError } from '../../../src/fleet/engine-error.ts';

function thrown(fields: object, message = 'some text'): Error {
  return Object.assign(new Error(message), fields);
}

it.each([
  ['ENOENT', /no socket at that path/],
  ['ECONNREFUSED', /is dockerd running/],
  ['EACCES', /may not be opened/],
  ['CERT_HAS_EXPIRED', /has expired: renew it/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /is for another name/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not signed by the CA in ca\.pem/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /not signed by the CA in ca\.pem/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /refused our client certificate/],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', /refused our client certificate/],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /refused our client certificate/],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', /of one key pair/],
  ['EPROTO', /does not speak TLS/],
])('toEngineError() says what %s means', (code, sentence) => {
  const error = toEngineError(thrown({ code, syscall: 'connect' }), 'ping');

  expect(error).toMatchObject({ trouble: 'unreachable', message: expect.stringMatching(sentence) });
});

it.each(['ECONNRESET', 'EPIPE'])('toEngineError() takes %s for an unknown outcome', (code) => {
  const error = toEngineError(thrown({ code, syscall: 'read' }), 'start container "web"');

  expect(error).toMatchObject({
    trouble: 'lost',
    message: `Cannot start container "web": the connection broke (${code})`,
  });
});

it('toEngineError() tells a time-out while connecting from one while reading', () => {
  const connecting = toEngineError(thrown({ code: 'ETIMEDOUT', syscall: 'connect' }), 'ping');
  const reading = toEngineError(thrown({ code: 'ETIMEDOUT', syscall: 'read' }), 'ping');

  expect([connecting.trouble, reading.trouble]).toEqual(['unreachable', 'lost']);
});

it('toEngineError() keeps the status and the words of the engine', () => {
  const framed = '(HTTP code 404) no such container - No such container: web ';

  const inBody = toEngineError(thrown({ statusCode: 409, json: { message: 'name taken ' } }), 'x');
  const inText = toEngineError(thrown({ statusCode: 404 }, framed), 'x');

  expect(inBody).toMatchObject({ trouble: 'status', status: 409, message: 'name taken' });
  expect(inText).toMatchObject({ status: 404, message: 'No such container: web' });
});
