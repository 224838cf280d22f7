import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { Deployment } from './support/deployment.js';
import { Example } from './support/example.js';
import { givenUrl } from './support/given-url.js';
import { MailSink } from './support/mail-sink.js';
import { logOf } from './support/log-of.js';
import { Page } from './support/page.js';
import { client, Person } from './support/person.js';
import { soon } from './support/soon.js';
import { SystemMessageDoor } from './support/system-message-door.js';
import { nativeWay } from './support/way.js';

/** The operator's people SELECT, with the optional e-mail: the service and the mailer run the same. */
const PEOPLE_BY_ID =
  'SELECT user_id AS id, username AS login, username AS display_name, password AS password_hash, role, ' +
  "IF(username = 'client3', NULL, CONCAT(username, '@example.org')) AS email FROM user WHERE user_id = ?";

const unread = (number: number, id: string) => {
  const { id: clientId, login } = client(number);
  return {
    specversion: '1.0',
    id,
    source: '/energy-chat',
    type: 'energy.chat.reply.unread.v1',
    subject: `conversation-${number}`,
    data: { client: { id: clientId, login, display_name: login } },
  };
};

/** The programs of examples/, as their readers run them, beside the chat on a real broker. */
test.describe.serial('the examples', () => {
  const brokerUrl = givenUrl('TEST_RABBITMQ_URL');
  const settings = { RABBITMQ_URL: brokerUrl };
  /** Others have the broker after us, and a queue that is left would take what they mean for nobody. */
  const queues = { all: 'example.all', java: 'example.java', mail: 'example.mail' };
  const folder = ownFolder('examples');
  const accounts = join(folder.path, 'service-accounts.json');
  const programs: Example[] = [];
  const people: Person[] = [];
  let deployment: Deployment;
  let door: SystemMessageDoor;

  const run = (program: Example): Example => {
    programs.push(program);
    return program;
  };
  const threadOf = async (number: number) => {
    const person = await Person.signIn(client(number), [nativeWay(deployment.one)]);
    people.push(person);
    const { conversation } = await person.chat.getMyConversation();
    return { id: conversation.id, page: await Page.open(person, conversation.id, 'front') };
  };

  /** What systems have told a client. */
  const toldTo = async (number: number): Promise<string[]> => {
    const person = await Person.signIn(client(number), [nativeWay(deployment.one)]);
    people.push(person);
    const { conversation } = await person.chat.getMyConversation();
    const entries = await logOf(person.chat, conversation.id);
    return entries.flatMap(({ content }) => (content.case === 'systemMessage' ? [content.value.text] : []));
  };

  test.beforeAll(async () => {
    writeFileSync(accounts, JSON.stringify({ sources: { billing: { shownName: 'Billing' } }, accounts: [] }));
    deployment = await Deployment.start(
      { mysqlUrl: givenUrl('TEST_MYSQL_URL'), brokerUrl },
      { settingsOf: (_name, all) => ({ ...all, PEOPLE_BY_ID, SERVICE_ACCOUNTS_FILE: accounts }) },
    );
    door = await SystemMessageDoor.open(brokerUrl);
  });

  test.afterAll(async () => {
    for (const person of people) person.close();
    for (const program of programs) await program.close();
    await door?.close(Object.values(queues));
    await deployment?.close();
    folder.release();
  });

  test('a listener in TypeScript hears of a new chat, once, and passes over what is no event', async () => {
    const listener = run(Example.typescript('listen', [], { ...settings, QUEUE: queues.all }));
    await listener.says('listening on example.all');
    const ana = await threadOf(1);
    await ana.page.send('Where is my bill?');
    await listener.says('energy.chat.case.opened.v1');
    await door.announce('this is no JSON');
    await door.announce(unread(1, 'again/1/x'));
    await door.announce(unread(1, 'again/1/x'));
    await door.announce(unread(1, 'last/1/x'));
    await listener.says('last/1/x');
    const heard = listener.output.split('\n').filter((line) => line.startsWith('{'));
    expect(heard.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual([
      `${ana.id}/1/case_opened`,
      'again/1/x',
      'last/1/x',
    ]);
    expect(listener.output).not.toContain('Where is my bill?');
  });

  test('a listener and a publisher in Java do the same by Spring', async () => {
    const listener = run(Example.java('ListenForChats', [queues.java], settings));
    await listener.says('listening on example.java');
    const ben = await threadOf(2);
    await ben.page.send('Is there an outage?');
    await listener.says(`new chat of client2 (${ben.id}/1/case_opened)`);

    const text = 'Factura dumneavoastră este gata.';
    const args = ['billing', 'bill-java', client(2).id, 'Your bill is ready.', text];
    const publisher = run(Example.java('PublishSystemMessage', args, settings));
    await publisher.ended();
    expect(publisher.output).toContain('published bill-java');
    await soon(() => door.arrived.length).toBe(1);
    const [{ content, properties } = { content: Buffer.of(), properties: undefined }] = door.arrived.splice(0);
    expect(properties).toMatchObject({ contentType: 'application/json', deliveryMode: 2 });
    // JSON that holds JSON, as the platform's services send it.
    const once: unknown = JSON.parse(content.toString('utf8'));
    expect(JSON.parse(String(once))).toMatchObject({
      id: 'bill-java',
      source: 'billing',
      type: 'energy.chat.system-message.v1',
      data: { recipients: [{ client_id: client(2).id }], texts: { ro: text } },
    });
    expect(typeof once).toBe('string');
    await soon(() => toldTo(2)).toEqual(['Your bill is ready.']);
  });

  test('a publisher in TypeScript reaches the chat, with one id for every try', async () => {
    const args = ['--source', 'billing', '--id', 'bill-1', '--client', client(1).id];
    args.push('--text', 'en=Your bill is ready.', '--text', 'ro=Factura dumneavoastră este gata.');
    args.push('--link', 'https://my.example.org/bills/1');
    for (let tries = 1; tries <= 2; tries += 1) {
      const publisher = run(Example.typescript('publish', args, settings));
      await publisher.ended();
      expect(publisher.output).toBe('published bill-1');
      await soon(() => door.arrived.length).toBe(tries);
    }
    for (const { content, properties } of door.arrived) {
      expect(properties).toMatchObject({ contentType: 'application/cloudevents+json', deliveryMode: 2 });
      expect(JSON.parse(content.toString('utf8'))).toMatchObject({
        specversion: '1.0',
        id: 'bill-1',
        source: 'billing',
        type: 'energy.chat.system-message.v1',
        datacontenttype: 'application/json',
        data: {
          recipients: [{ client_id: client(1).id }],
          texts: { en: 'Your bill is ready.', ro: 'Factura dumneavoastră este gata.' },
          severity: 'info',
          link: 'https://my.example.org/bills/1',
          needs_attention: false,
        },
      });
    }
    await soon(() => toldTo(1)).toEqual(['Your bill is ready.']);
  });

  test('a mailer tells those who left of an unread answer, once, never its text, and waits for its mail server', async () => {
    const sink = await MailSink.start();
    try {
      sink.refusals.push(
        { responseCode: 451, message: 'try later' },
        { responseCode: 452, message: 'full, try later' },
      );
      const mailer = run(
        Example.typescript('mail-unread-replies', [], {
          ...settings,
          QUEUE: queues.mail,
          SMTP_URL: sink.url,
          MAIL_FROM: 'Energy support <support@example.org>',
          CLIENT_PORTAL_URL: 'https://my.example.org',
          PLATFORM_DATABASE_URL: deployment.platform.url,
          PEOPLE_BY_ID,
        }),
      );
      await mailer.says('listening on');
      await door.announce(unread(1, 'ana/1/unread'));
      await mailer.says('ana/1/unread: mailed');
      expect(sink.refusals).toEqual([]);

      await door.announce(unread(3, 'no-address/1/unread'));
      await mailer.says('no-address/1/unread: no address');
      sink.refusals.push({ responseCode: 550, message: 'no such mailbox' });
      await door.announce(unread(4, 'gone/1/unread'));
      await mailer.says('gone/1/unread: the address is refused');
      await door.announce(unread(1, 'ana/1/unread'));
      const told = unread(2, 'ben/1/unread');
      const own = { ...told.data.client, email: 'ben.own@example.org' };
      await door.announce({ ...told, data: { client: own } });
      await mailer.says('ben/1/unread: mailed');

      expect(sink.mails.map(({ to }) => to)).toEqual(['client1@example.org', 'ben.own@example.org']);
      for (const { headers, body } of sink.mails) {
        expect(headers).toContain('From: Energy support <support@example.org>');
        expect(headers).toContain('Auto-Submitted: auto-generated');
        expect(body).toContain('Citiți răspunsul aici: https://my.example.org');
        expect(body).toContain('Read the answer here: https://my.example.org');
      }
      const ids = sink.mails.map(({ headers }) => /^Message-ID: (.*)$/im.exec(headers)?.[1]);
      expect(new Set(ids).size).toBe(2);
    } finally {
      await sink.close();
    }
  });
});
