import { expect, test } from '@playwright/test';
import { Line } from './chaos/line.js';
import { Deployment } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { client, Person } from './support/person.js';
import { Undo } from './support/undo.js';
import { nativeWay } from './support/way.js';
import { words } from './support/words.js';

test('a replica whose database and broker have fallen silent ends in good order, and what it could not write another does', async () => {
  test.setTimeout(90_000);
  const undo = new Undo();
  try {
    const servers = { mysqlUrl: givenUrl('TEST_MYSQL_URL'), brokerUrl: givenUrl('TEST_RABBITMQ_URL') };
    const [database, broker] = [await Line.before([servers.mysqlUrl]), await Line.before([servers.brokerUrl])];
    undo.later(() => Promise.all([database.refuse(), broker.refuse()]));
    const deployment = await Deployment.start(servers, {
      settingsOf: (name, settings) =>
        name === 'one'
          ? {
              ...settings,
              DATABASE_URL: database.through(settings.DATABASE_URL ?? ''),
              RABBITMQ_URL: broker.through(settings.RABBITMQ_URL ?? ''),
            }
          : settings,
    });
    undo.later(() => deployment.close());
    const { one, two } = deployment;
    const person = await Person.signIn(client(1), [nativeWay(one), nativeWay(two)]);
    undo.later(async () => person.close());
    const { conversation } = await person.chat.getMyConversation();
    person.watch.watchConversation(conversation.id, 0);
    person.watch.start();
    await person.chat.sendMessage(conversation.id, words('hello'));

    database.pause();
    broker.pause();
    const sent = person.chat.sendMessage(conversation.id, words('is anybody there?'));
    // Within the 20 s that whoever asks it gives it; else this fails.
    await one.terminate();
    expect((await sent).seq).toBeGreaterThan(1);
  } finally {
    await undo.all();
  }
});
