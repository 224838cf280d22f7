import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.mjs';
import { renderEnvoyConfig } from './envoy.mjs';

/** Both edges, the open listener and the admin interface, in the order of the file. */
const listening = (/** @type {string} */ config) =>
  [...config.matchAll(/^ *address: \{ socket_address: (\{.*?\}) \}$/gm)].map((match) => match[1]);

test('leaves no setting open, and keeps the admin interface to this machine', async () => {
  const config = await renderEnvoyConfig({});
  assert.doesNotMatch(config, /\$\{/);
  assert.deepEqual(listening(config), [
    "{ address: '127.0.0.1', port_value: 9901 }",
    "{ address: '0.0.0.0', port_value: 4200 }",
    "{ address: '0.0.0.0', port_value: 4300 }",
    "{ address: '0.0.0.0', port_value: 8080 }",
  ]);
  assert.match(config, /address: 'chat-service', port_value: 9090/);
  assert.match(config, /allow_origin_string_match: \[\]/);
});

test('listens and asks where it is told, of several replicas too', async () => {
  const config = await renderEnvoyConfig({
    CLIENT_EDGE_ADDRESS: '[::]:80',
    CHAT_SERVICE_ADDRESSES: 'one.internal:9090,10.0.0.2:9091',
    ADMIN_PORTAL_ADDRESS: 'files:81',
  });
  assert.equal(listening(config)[1], "{ address: '::', port_value: 80 }");
  const replicas = config.split('\n').find((line) => line.includes('one.internal')) ?? '';
  assert.match(replicas, /address: 'one.internal', port_value: 9090 .*,\{.*address: '10.0.0.2', port_value: 9091 /);
  assert.match(config, /address: 'files', port_value: 81/);
});

test('allows exactly the named origins', async () => {
  const config = await renderEnvoyConfig({ ALLOWED_ORIGINS: 'https://portal.example,http://localhost:3000' });
  assert.match(
    config,
    /allow_origin_string_match: \[\{ exact: 'https:\/\/portal.example' \},\{ exact: 'http:\/\/localhost:3000' \}\]/,
  );
});

const wrong = [
  ['CLIENT_EDGE_ADDRESS', '4200', 'is not host:port'],
  ['CLIENT_EDGE_ADDRESS', 'a:1,b:2', 'it is one address'],
  ['OPEN_EDGE_ADDRESS', '0.0.0.0:0', 'has no port from 1 to 65535'],
  ['OPEN_EDGE_ADDRESS', '0.0.0.0:99999', 'has no port from 1 to 65535'],
  ['CHAT_SERVICE_ADDRESSES', ',', 'it names no address'],
  ['CHAT_SERVICE_ADDRESSES', 'http://chat:9090', 'is not host:port'],
  ['ADMIN_PORTAL_ADDRESS', "x' }:80", 'a character that no address has'],
  ['CLIENT_PORTAL_ADDRESS', 'files:80\nadmin: x', 'a character that no address has'],
  ['ALLOWED_ORIGINS', 'https://portal.example/', 'has a path'],
  ['ALLOWED_ORIGINS', 'portal.example', 'is not an origin'],
  ['ALLOWED_ORIGINS', '*', 'a character that no address has'],
];
for (const [name = '', value = '', text = ''] of wrong) {
  test(`refuses ${name} ${JSON.stringify(value)} with its name and what is wrong`, async () => {
    await assert.rejects(renderEnvoyConfig({ [name]: value }), (error) => {
      assert.ok(error instanceof Failure);
      assert.ok(error.output.includes(`${name}: `) && error.output.includes(text), error.output);
      return true;
    });
  });
}
