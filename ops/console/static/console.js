'use strict';
/* What makes the page live and quick. Without this script it works all the same: links are links,
   questions are pages, and the page reads itself again every five seconds. */
(() => {
  const root = document.documentElement;
  const $ = (query, at = document) => at.querySelector(query);
  const $$ = (query, at = document) => [...at.querySelectorAll(query)];

  // Colours, before anything is painted.
  const themes = ['', 'light', 'dark'];
  const names = {'': 'as the system has them', light: 'light', dark: 'dark'};
  let theme = '';
  try { theme = localStorage.getItem('theme') || ''; } catch { /* no storage: as the system */ }
  const paint = () => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };
  paint();

  // Make a shown element like a newly read one; what is the same stays as it is, with its focus.
  const liken = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
      old.replaceWith(fresh.cloneNode(true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const {name} of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
    }
    for (const {name, value} of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    if (old.nodeName === 'PROGRESS') old.value = fresh.getAttribute('value');
    if (old.nodeName === 'INPUT' && old === document.activeElement) return;
    const byId = new Map([...old.children].filter(each => each.id).map(each => [each.id, each]));
    const wanted = [...fresh.childNodes];
    wanted.forEach((each, at) => {
      let now = old.childNodes[at];
      const known = each.id && byId.get(each.id);
      if (known && known !== now && known.parentNode === old) {
        old.insertBefore(known, now || null);
        now = known;
      }
      if (now) liken(now, each); else old.append(each.cloneNode(true));
    });
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  };

  let asking = 0;
  const show = async (address, {push = false} = {}) => {
    const mine = ++asking;
    const answer = await fetch(address, {headers: {Accept: 'text/html'}});
    const text = await answer.text();
    if (mine !== asking) return;  // a later one was asked for
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    if (!$('#main', fresh)) return;
    if (push) history.replaceState(null, '', address);
    const was = said();
    liken($('#main'), $('#main', fresh));
    document.title = fresh.title;
    document.body.dataset.feed = fresh.body.dataset.feed;
    furnish();
    announce(was);
  };

  // For those who listen: a new status, and each tenth of the progress.
  const said = () => ({
    status: $('#status')?.textContent.trim(),
    tenth: Math.floor(Number($('#progress')?.getAttribute('value') ?? -10) / 10),
  });
  const say = text => { $('#say').textContent = text; };
  const announce = was => {
    const now = said();
    if (now.status && now.status !== was.status) say(now.status);
    else if (now.tenth >= 0 && now.tenth !== was.tenth) say(`${now.tenth * 10} percent`);
  };

  // Live: the server says when what it shows has changed; the page then asks for itself.
  let source, heard = 0;
  const here = () => location.pathname + location.search;
  const connect = () => {
    source?.close();
    if (document.hidden || !document.body.dataset.feed) return;
    source = new EventSource('/events?feed=' + document.body.dataset.feed);
    source.addEventListener('read', () => {
      heard = Date.now();
      live();
      if ($('#waiting')) show(here());
    });
    source.addEventListener('changed', () => { show(here()); });
    source.addEventListener('error', () => { live(); if ($('#waiting')) show(here()); });
  };
  const live = () => {
    const mark = $('#live');
    if (!heard) return;
    const age = Math.round((Date.now() - heard) / 1000);
    const lives = age < 20 && source?.readyState === EventSource.OPEN;
    mark.dataset.s = lives ? 'done' : 'warn';
    mark.textContent = lives ? (age < 3 ? '● live' : `● live, ${age} s ago`) : '◐ not connected';
  };
  document.addEventListener('visibilitychange', connect);

  // What a page has that came by the script.
  const furnish = () => {
    const chosen = $('.strip [aria-current=true]');
    for (const each of $$('.strip a')) each.setAttribute('tabindex', each === chosen || !chosen ? 0 : -1);
  };

  document.addEventListener('DOMContentLoaded', () => {
    const button = $('#theme');
    button.hidden = false;
    const label = () => button.setAttribute('aria-label', 'Colours: ' + names[theme]);
    label();
    button.addEventListener('click', () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      try { localStorage.setItem('theme', theme); } catch { /* for this page only, then */ }
      paint(); label(); say('Colours ' + names[theme]);
    });
    furnish();
    connect();
    setInterval(live, 1000);
  });

  // Links that change a part of the page change that part, and leave the page where it is.
  document.addEventListener('click', event => {
    const link = event.target.closest('a[data-soft], a[data-ask]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const address = link.getAttribute('href');  // not link.href: of a link in an SVG it is an object
    if (link.hasAttribute('data-ask')) ask(address); else show(address, {push: true});
  });

  // A question is a page of its own; here it comes as a dialog.
  const ask = async address => {
    const answer = await fetch(address);
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const dialog = $('#ask'), asked = $('#question', fresh);
    if (!asked) { location.href = address; return; }
    dialog.replaceChildren(...[...asked.childNodes].map(each => each.cloneNode(true)));
    $('[data-leave]', dialog)?.addEventListener('click', event => { event.preventDefault(); dialog.close(); });
    dialog.showModal();
  };

  let typed;
  document.addEventListener('input', event => {
    if (event.target.id !== 'q') return;
    clearTimeout(typed);
    typed = setTimeout(() => {
      const address = new URL(location.href), text = event.target.value.trim();
      if (text) address.searchParams.set('q', text); else address.searchParams.delete('q');
      address.searchParams.delete('page');
      show(address.href, {push: true}).then(() => say(`${$$('.jobs .id').length} jobs shown`));
    }, 150);
  });

  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea')) return;
    if ($('#ask').open) return;
    const search = $('#q');
    if (event.key === '/' && search) { event.preventDefault(); search.focus(); }
    const step = {j: 1, k: -1}[event.key];
    const jobs = $$('.jobs .id');
    if (step && jobs.length) {
      const at = jobs.indexOf(document.activeElement);
      jobs[Math.max(0, Math.min(jobs.length - 1, at < 0 ? 0 : at + step))].focus();
    }
    const along = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    const tile = event.target.closest?.('.strip a, .tabs a');
    if (along && tile) {
      const all = $$(tile.closest('.tabs') ? '.tabs a' : '.strip a');
      const next = all[all.indexOf(tile) + along];
      if (next) { event.preventDefault(); next.focus(); show(next.getAttribute('href'), {push: true}); }
    }
  });
})();
