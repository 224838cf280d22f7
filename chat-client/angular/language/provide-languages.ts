import {
  inject,
  Injectable,
  InjectionToken,
  isDevMode,
  makeEnvironmentProviders,
  provideEnvironmentInitializer,
} from '@angular/core';
import type { EnvironmentProviders } from '@angular/core';
import { provideTransloco } from '@jsverse/transloco';
import type { Translation, TranslocoLoader } from '@jsverse/transloco';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import sharedEnglish from '../i18n/en.json';
import sharedRomanian from '../i18n/ro.json';
import { LANGUAGES, Languages } from './languages.js';
import type { Language } from './languages.js';

/** The texts of one portal, by language; the keys on the first level differ from those of the chat. */
export type PortalTexts = Readonly<Record<Language, Translation>>;

const PORTAL_TEXTS = new InjectionToken<PortalTexts>('PortalTexts');
const SHARED: PortalTexts = { en: sharedEnglish, ro: sharedRomanian };

/** The texts are part of the program: changing the language asks nobody, and works offline. */
@Injectable()
class BundledTexts implements TranslocoLoader {
  private readonly portal = inject(PORTAL_TEXTS);

  getTranslation(lang: string): Observable<Translation> {
    const language = LANGUAGES.find((each) => each === lang) ?? 'en';
    return of({ ...SHARED[language], ...this.portal[language] });
  }
}

/** English and Romanian: the chat's own texts together with the portal's. */
export function provideLanguages(portal: PortalTexts): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: PORTAL_TEXTS, useValue: portal },
    provideTransloco({
      loader: BundledTexts,
      config: {
        availableLangs: [...LANGUAGES],
        defaultLang: 'en',
        fallbackLang: 'en',
        reRenderOnLangChange: true,
        prodMode: !isDevMode(),
        missingHandler: { useFallbackTranslation: true, logMissingKey: isDevMode() },
      },
    }),
    provideEnvironmentInitializer(() => inject(Languages)),
  ]);
}
