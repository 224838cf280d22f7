import { afterEach, describe, expect, it } from 'vitest';
import { shortcutOf, type Shortcut } from './shortcut.js';

afterEach(() => document.body.replaceChildren());

function pressed(key: string, on: Element, more: KeyboardEventInit = {}): Shortcut | undefined {
  document.body.append(on);
  let asked: Shortcut | undefined;
  const hear = (press: KeyboardEvent): void => {
    asked = shortcutOf(press);
  };
  document.addEventListener('keydown', hear);
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  document.removeEventListener('keydown', hear);
  return asked;
}

const element = (tag: string, attributes: Readonly<Record<string, string>> = {}): Element => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

describe('a key press', () => {
  it.each([
    ['c', 'claim'],
    ['C', 'claim'],
    ['r', 'reply'],
    ['e', 'close'],
    ['?', 'help'],
  ] as const)('of %s asks to %s', (key, shortcut) => {
    expect(pressed(key, element('div'))).toBe(shortcut);
  });

  it.each([
    ['a text field', element('textarea')],
    ['an input', element('input')],
    ['an editable element', element('div', { contenteditable: 'true' })],
    ['a menu', element('div', { role: 'menu' })],
    ['a dialog', element('div', { role: 'dialog' })],
    ['a dialog of the browser', element('dialog')],
  ])('is nothing but a letter in %s', (_, on) => {
    expect(pressed('c', on)).toBeUndefined();
  });

  it.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }])(
    'belongs to the browser with %o',
    (more) => {
      expect(pressed('c', element('div'), more)).toBeUndefined();
    },
  );

  it('that somebody has handled asks for nothing', () => {
    const on = element('div');
    on.addEventListener('keydown', (press) => press.preventDefault());
    expect(pressed('c', on)).toBeUndefined();
  });
});
