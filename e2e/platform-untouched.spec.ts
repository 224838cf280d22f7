import { expect, test } from '@playwright/test';
import { createConnection } from 'mysql2/promise';
import { Deployment } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { Page } from './support/page.js';
import { admin, client, Person } from './support/person.js';
import { shownCase } from './support/shown-case.js';
import { soon } from './support/soon.js';
import { nativeWay } from './support/way.js';
import { words } from './support/words.js';

/** Everything in the schema that an account can see: what there is, how it is made, and every row. */
async function everythingIn(deployment: Deployment): Promise<string> {
  const { platform } = deployment;
  const tables = (await platform.run(
    'SELECT table_name AS name, table_type AS type FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1',
  )) as { name: string; type: string }[];
  const parts: unknown[] = [tables.map(({ name, type }) => [name, type])];
  for (const { name } of tables) {
    parts.push(await platform.run(`SHOW CREATE TABLE ${name}`));
    parts.push(await platform.run(`CHECKSUM TABLE ${name} EXTENDED`));
    parts.push(await platform.run(`SELECT * FROM ${name} ORDER BY 1`));
  }
  for (const what of ['triggers', 'routines', 'events']) {
    const schema = what === 'triggers' ? 'trigger_schema' : what === 'routines' ? 'routine_schema' : 'event_schema';
    parts.push(await platform.run(`SELECT * FROM information_schema.${what} WHERE ${schema} = DATABASE()`));
  }
  return JSON.stringify(parts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

test.describe('the platform', () => {
  let deployment: Deployment;
  const people: Person[] = [];

  test.beforeAll(async () => {
    deployment = await Deployment.start({
      mysqlUrl: givenUrl('TEST_MYSQL_URL'),
      brokerUrl: givenUrl('TEST_RABBITMQ_URL'),
    });
  });

  test.afterAll(async () => {
    for (const person of people) person.close();
    await deployment?.close();
  });

  test('is bit for bit as before after a whole talk', async () => {
    const before = await everythingIn(deployment);
    // Else the comparison below would compare nothing.
    expect(before).toContain('client8');
    const [someone, supporter] = await Promise.all([
      Person.signIn(client(1), [nativeWay(deployment.one)]),
      Person.signIn(admin(1), [nativeWay(deployment.two)]),
    ]);
    people.push(someone, supporter);
    const { conversation } = await someone.chat.getMyConversation();
    const ana = await Page.open(someone, conversation.id, 'front');
    await ana.send(words('my bill is wrong'));
    const maria = await Page.open(supporter, conversation.id, 'front');
    await maria.send(words('let me see'));
    await someone.chat.setTyping(conversation.id, true);
    await soon(() => ana.view.row?.clientProgress?.unread).toBe(0);
    await supporter.chat.close(shownCase(maria), maria.seqs.at(-1) ?? 0);
    await someone.session.signOut();
    expect(await everythingIn(deployment)).toBe(before);

    // The proof that a change would show.
    await deployment.platform.run("UPDATE user SET username = 'client9' WHERE user_id = 11");
    expect(await everythingIn(deployment)).not.toBe(before);
  });

  test('gives the chat an account that can read and nothing else', async () => {
    const chat = await createConnection(deployment.platform.url);
    try {
      const [rows] = await chat.query('SELECT COUNT(*) AS people FROM user');
      expect(rows).toEqual([{ people: 11 }]);
      for (const statement of [
        "INSERT INTO user (username, password, role) VALUES ('x', 'x', 1)",
        'UPDATE user SET role = 1',
        'DELETE FROM consumption',
        "REPLACE INTO user (user_id, username, password, role) VALUES (1, 'x', 'x', 1)",
        'TRUNCATE TABLE consumption',
        'CREATE TABLE note (id INT)',
        'ALTER TABLE user ADD COLUMN note INT',
        'DROP TABLE device',
        'CREATE INDEX user_role ON user (role)',
        'CREATE VIEW everybody AS SELECT * FROM user',
        'CREATE TRIGGER on_user BEFORE INSERT ON user FOR EACH ROW SET NEW.role = 1',
        'LOCK TABLES user WRITE',
      ]) {
        const refused: unknown = await chat.query(statement).then(
          () => 'done',
          (error: unknown) => error,
        );
        expect([statement, String(refused)]).toEqual([statement, expect.stringMatching(/denied/)]);
      }
    } finally {
      await chat.end();
    }
  });
});
