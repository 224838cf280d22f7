import Bowser from 'bowser';

/** What a person calls the program and the system that a user agent names; undefined where it names none that is known. */
export function programNameOf(userAgent: string): { readonly browser: string; readonly system: string } | undefined {
  if (userAgent === '') return undefined;
  const { browser, os } = Bowser.parse(userAgent);
  return browser.name === undefined || browser.name === ''
    ? undefined
    : { browser: browser.name, system: os.name ?? '' };
}
