import { DeadLetterBox, type KeptLetter } from './dead-letter-box.js';
import { ConfigError, readBrokerUrl } from '../../config.js';
import { readCloudEvent } from '../../system-message/read-cloud-event.js';

const USAGE = `Usage, with RABBITMQ_URL as of the chat:
  npm run dead-letters -- list
  npm run dead-letters -- show ID
  npm run dead-letters -- replay ID… | --all    sends them again as they came
  npm run dead-letters -- drop ID… | --all      forgets them`;

const LONGEST_PART = 200;

/** `npm run dead-letters`, and `node dist/broker/rabbitmq/dead-letters.js` in the image: system messages that could not be written. */
async function main([command = '', ...ids]: readonly string[]): Promise<number> {
  const isMeant = (letter: KeptLetter): boolean => ids.includes('--all') || ids.includes(letter.id);
  const isKnown =
    command === 'list' ? ids.length === 0 : ['show', 'replay', 'drop'].includes(command) && ids.length > 0;
  if (!isKnown) throw new ConfigError(USAGE);
  const box = await DeadLetterBox.open(readBrokerUrl());
  try {
    if (command === 'list') return print((await box.list()).map(lineOf));
    if (command === 'show') return print((await box.list()).filter(isMeant).map(wholeOf), 'There is no such letter.');
    const done = command === 'replay' ? await box.replay(isMeant) : await box.drop(isMeant);
    return print(
      done.map(({ id }) => `${id} ${command === 'replay' ? 'sent again' : 'dropped'}`),
      'There is no such letter.',
    );
  } finally {
    await box.close();
  }
}

function print(lines: readonly string[], nothing = 'No dead letters.'): number {
  process.stdout.write(`${lines.length === 0 ? nothing : lines.join('\n')}\n`);
  return lines.length === 0 && nothing !== 'No dead letters.' ? 1 : 0;
}

/** One line a letter: what it is by its source, and why it lies here. What programs wrote may be long, and must not steer a terminal. */
function lineOf(letter: KeptLetter): string {
  const { id, time, reason, text } = letter;
  return [id, time || '-', reason, nameOf(letter), text].map(inOneLine).join('  ');
}

function inOneLine(part: string): string {
  const shown = part.replace(/\p{Cc}/gu, '\u{fffd}');
  return shown.length > LONGEST_PART ? `${shown.slice(0, LONGEST_PART)}…` : shown;
}

function wholeOf(letter: KeptLetter): string {
  const headers = JSON.stringify(letter.headers, undefined, 2);
  const body = letter.body.toString('utf8').replace(/[^\P{Cc}\t\n]/gu, '\u{fffd}');
  return `${lineOf(letter)}\n${letter.contentType}\n${headers}\n${body}`;
}

function nameOf(letter: KeptLetter): string {
  try {
    const { source, eventId } = readCloudEvent(letter);
    return `${source}/${eventId}`;
  } catch {
    return `${letter.body.length} bytes`;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
