import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ROOT } from './root.mjs';
import { ENVOY_VERSION } from './services/envoy.mjs';

const read = (/** @type {string} */ file) => readFileSync(join(ROOT, file), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true });
const pipeline = parse(read('azure-pipelines.yml'));
const IMAGES = ['chat-service', 'client-portal', 'admin-portal', 'envoy'];
const OURS_AND_KEPT = ['admin-portal', 'chat-service', 'client-portal', 'db', 'envoy', 'rabbitmq'];

/** Settings of .env.example, line by line. @type {Record<string, string>} */
const example = Object.fromEntries(
  read('.env.example')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

/** `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?error}`, inner ones first, as Compose reads them. */
function filledIn(/** @type {string} */ text, /** @type {Record<string, string>} */ env) {
  const one = /(?<!\$)\$\{(\w+)(?:(:?[-?])([^${}]*))?\}/;
  let result = text;
  for (let found = one.exec(result); found !== null; found = one.exec(result)) {
    const [whole, name = '', operator = '', word = ''] = found;
    const value = env[name];
    const isMissing = operator.startsWith(':') ? (value ?? '') === '' : value === undefined;
    if (isMissing && operator.endsWith('?')) throw new Error(`${name} is required`);
    result = result.replace(whole, () => (isMissing && operator !== '' ? word : (value ?? '')));
  }
  return result;
}

/** What runs under these settings. @param {Record<string, string>} env @param {string[]} profiles */
function services(env, ...profiles) {
  const all = parse(filledIn(read('docker-compose.yml'), env), { merge: true }).services;
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, { profiles: own }]) => own === undefined || own.some((/** @type {string} */ name) => profiles.includes(name)),
    ),
  );
}

/** Host side of every published port. @param {Record<string, any>} running */
function published(running) {
  return Object.values(running)
    .flatMap(({ ports = [] }) => ports)
    .map((port) => port.slice(0, port.lastIndexOf(':')))
    .sort();
}

const passwords = Object.keys(example).filter((name) => name.endsWith('PASSWORD'));
const filled = { ...example, ...Object.fromEntries(passwords.map((name) => [name, `${name.toLowerCase()}1`])) };

test('publishes the ports that people know, and the rest on loopback only', () => {
  const ports = ['127.0.0.1:15672', '127.0.0.1:3306', '127.0.0.1:9901', '4300', '5672', '80', '8080', '9090'];
  const running = services(filled);
  assert.deepEqual(Object.keys(running).sort(), OURS_AND_KEPT);
  assert.deepEqual(published(running), ports);
});

test('gives port 8080 to the backend in its profile, and moves the open gRPC-Web port', () => {
  const running = services({ ...filled, GRPC_WEB_PORT: '8081' }, 'backend');
  assert.deepEqual(Object.keys(running).sort(), ['api', ...OURS_AND_KEPT].sort());
  assert.ok(running.envoy.ports.includes('8081:8080'));
  assert.deepEqual(running.api.ports, ['8080:8080']);
  assert.equal(new Set(published(running)).size, published(running).length);
  const asked = ['DB_DBNAME', 'DB_IP', 'DB_PASSWORD', 'DB_PORT', 'DB_USER', 'RABBIT_IP', 'SPRING_RABBITMQ_HOST'];
  for (const name of asked) assert.notEqual(running.api.environment[name] ?? '', '', name);
  assert.equal(
    services({ ...filled, API_IMAGE: 'registry.example/api:7' }, 'backend').api.image,
    'registry.example/api:7',
  );
});

test('has no default password: every one is required, and empty in the example', () => {
  assert.ok(passwords.length >= 5);
  for (const name of passwords) {
    assert.equal(example[name], '');
    assert.throws(() => services({ ...filled, [name]: '' }), new RegExp(`${name} is required`));
  }
  for (const [name, { environment = {} }] of Object.entries(compose.services)) {
    for (const [variable, value] of Object.entries(environment)) {
      if (/PASS|_URL/.test(variable) && !/^(ADMIN|CLIENT)_PORTAL_URL$/.test(variable))
        assert.match(value, /\$\{\w+:\?/, `${name}: ${variable}`);
    }
  }
});

test('starts each part only when what it needs is healthy', () => {
  const needs = Object.fromEntries(
    Object.entries(services(filled, 'backend')).map(([name, { depends_on: on = {} }]) => [name, on]),
  );
  const healthy = { condition: 'service_healthy' };
  assert.deepEqual(needs['chat-service'], { db: healthy, rabbitmq: healthy });
  assert.deepEqual(needs.api, { db: healthy, rabbitmq: healthy });
  assert.deepEqual(needs.envoy, { 'chat-service': healthy, 'client-portal': healthy, 'admin-portal': healthy });
  for (const image of IMAGES) assert.match(read(`${image}/Dockerfile`), /^HEALTHCHECK /m, image);
  for (const name of ['db', 'rabbitmq']) assert.ok(compose.services[name].healthcheck.test.length > 1, name);
});

test('reserves one processor and 2 GB for each part', () => {
  for (const [name, { deploy }] of Object.entries(compose.services))
    assert.deepEqual(deploy?.resources.reservations, { cpus: '1', memory: '2G' }, name);
});

test('makes an image for each folder with a Dockerfile, by Compose and by the pipeline alike', () => {
  for (const image of IMAGES) assert.equal(compose.services[image].build.dockerfile, `${image}/Dockerfile`);
  const [tests, images] = pipeline.stages;
  assert.deepEqual(pipeline.trigger.branches.include, ['main', 'master']);
  assert.deepEqual(pipeline.parameters[0], {
    name: 'pool',
    displayName: 'Agent pool',
    type: 'string',
    default: 'local',
  });
  assert.equal(images.dependsOn, tests.stage);
  const built = images.jobs.map(
    (/** @type {any} */ { steps }) => steps.find((/** @type {any} */ step) => step.task === 'Docker@2').inputs,
  );
  assert.deepEqual(
    built.map((/** @type {any} */ inputs) => inputs.Dockerfile),
    IMAGES.map((image) => `${image}/Dockerfile`),
  );
  for (const { tags, containerRegistry, command } of built) {
    assert.equal(tags, '$(Build.BuildId)\nlatest\n');
    assert.equal(containerRegistry, '$(registryConnection)');
    assert.equal(command, 'buildAndPush');
  }
});

test('pins the bases of its images, runs them as nobody special, and Envoy as the tests do', () => {
  for (const image of IMAGES) {
    const text = read(`${image}/Dockerfile`);
    const bases = [...text.matchAll(/^ARG \w+_IMAGE=(.*)$/gm)].map(([, base]) => base);
    assert.ok(bases.length > 0);
    for (const base of bases) assert.match(base ?? '', /:v?\d+\.\d+\.\d+/, image);
    const users = [...text.matchAll(/^USER (.*)$/gm)].map(([, user]) => user);
    assert.match(users.at(-1) ?? 'root', /^[1-9]\d*:[1-9]\d*$/, image);
  }
  assert.ok(read('envoy/Dockerfile').includes(`envoy:v${ENVOY_VERSION}`));
});

test("opens the database with an account that can only read the platform's schema, whatever the passwords", () => {
  const script = read('images/db-init.sh').replace(/\bmysql --user=root/, 'cat');
  const env = {
    PATH: process.env.PATH ?? '',
    MYSQL_ROOT_PASSWORD: 'r',
    MYSQL_DATABASE: 'energy_utility',
    CHAT_DB_PASSWORD: "o'n\\e",
    CHAT_READER_PASSWORD: 'two',
  };
  const { stdout, status } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  assert.equal(status, 0);
  assert.deepEqual(stdout.trim().split('\n'), [
    'CREATE DATABASE chat CHARACTER SET utf8mb4;',
    "CREATE USER 'chat'@'%' IDENTIFIED BY 'o\\'n\\\\e';",
    "GRANT ALL PRIVILEGES ON chat.* TO 'chat'@'%';",
    "CREATE USER 'chat_reader'@'%' IDENTIFIED BY 'two';",
    "GRANT SELECT ON `energy\\_utility`.* TO 'chat_reader'@'%';",
  ]);
});
