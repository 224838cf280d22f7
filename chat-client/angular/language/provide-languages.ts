import { inject, isDevMode, makeEnvironmentProviders, provideAppInitializer } from '@angular/core';
import type { EnvironmentProviders } from '@angular/core';
import { provideTransloco } from '@jsverse/transloco';
import { LANGUAGES, Languages, LOAD_TEXTS } from './languages.js';
import type { LoadTexts } from './languages.js';

/** The page is shown once the texts of its language are there; those of another come when somebody chooses it. */
export function provideLanguages(load: LoadTexts): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: LOAD_TEXTS, useValue: load },
    provideTransloco({
      config: {
        availableLangs: [...LANGUAGES],
        defaultLang: 'en',
        reRenderOnLangChange: true,
        prodMode: !isDevMode(),
        missingHandler: { logMissingKey: isDevMode() },
      },
    }),
    provideAppInitializer(() => inject(Languages).begin()),
  ]);
}
