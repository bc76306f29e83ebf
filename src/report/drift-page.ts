import type { Html } from './html.ts';

/** How the page looks: narrow and wide, light and dark, on a screen and on paper. */
export const pageStyle: Html = {
  html: `
:root {
  --ground: #fff; --text: #1d2129; --quiet: #5c6470; --line: #d9dde3; --card: #f6f7f9;
  --critical: #b42318; --warning: #8a5a00; --info: #3b5b8c; --good: #1f6f43;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181d; --text: #e6e8eb; --quiet: #9aa3af; --line: #333a44; --card: #1d2229;
    --critical: #ff8a7a; --warning: #f0b950; --info: #8fb4ee; --good: #6fce97;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; display: flex; flex-wrap: wrap; gap: .25rem .75rem; justify-content: space-between; }
p { margin: .25rem 0; }
code, h3 { font-family: ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
code { font-size: .9em; }
.quiet { color: var(--quiet); font-weight: normal; font-size: .9rem; overflow-wrap: anywhere; }
.summary { font-size: 1.1rem; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--critical); }
.warning { color: var(--warning); }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: .75rem 0; border-block: 1px solid var(--line); }
label { display: grid; font-size: .85rem; color: var(--quiet); flex: 1 1 9rem; }
input, select { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line);
  border-radius: .35rem; padding: .35rem .5rem; min-width: 0; }
article { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--info);
  border-radius: .35rem; padding: .6rem .8rem; margin: .5rem 0; break-inside: avoid; }
article.open.critical { border-left-color: var(--critical); }
article.open.warning { border-left-color: var(--warning); color: inherit; }
article.resolved { border-left-color: var(--good); }
.kind { font: .8rem system-ui, sans-serif; color: var(--quiet); }
dl { display: grid; grid-template-columns: 7.5rem 1fr; gap: .15rem .75rem; margin: .4rem 0 0; }
dt { color: var(--quiet); font-size: .9rem; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
[hidden] { display: none !important; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dt { margin-top: .3rem; } }
@media print { form { display: none; } body { max-width: none; } article { background: none; } }
`,
};

/** Shows what the filters ask for. They stand in the address too, so that what is seen can be linked to. */
export const pageScript: Html = {
  html: `
const form = document.getElementById('filters');
const articles = [...document.querySelectorAll('article')];
function apply() {
  const wanted = Object.fromEntries(new FormData(form));
  const words = wanted.text.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const article of articles) {
    const text = article.parentElement.firstElementChild.textContent + article.textContent;
    article.hidden = !(
      words.every((word) => text.toLowerCase().includes(word)) &&
      ['state', 'kind', 'host'].every((name) => !wanted[name] || article.dataset[name] === wanted[name])
    );
  }
  for (const section of document.querySelectorAll('section')) {
    section.hidden = !section.querySelector('article:not([hidden])');
  }
  document.getElementById('none').hidden = articles.some((article) => !article.hidden);
}
if (form) {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  form.addEventListener('input', () => {
    const set = [...new FormData(form)].filter(([, value]) => value !== '');
    history.replaceState(null, '', '#' + new URLSearchParams(set));
    apply();
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  apply();
}
`,
};
