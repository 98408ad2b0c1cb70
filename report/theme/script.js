// Numbers open what they rest on, folded lists fill when they are opened, the contents follow the reader.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var box = document.getElementById("behind");
  var title = document.getElementById("behind-title");
  var text = document.getElementById("behind-text");
  var contents = document.getElementById("contents");
  var narrow = window.matchMedia("(max-width: 61.99rem)");
  var FIRST = 10;

  function make(kind, words, to) {
    var node = document.createElement(kind);
    if (words !== undefined) node.textContent = words;
    if (to) { node.href = to; if (to[0] !== "#") node.rel = "noreferrer"; }
    return node;
  }

  function source(place) {
    var it = data.sources[place];
    var node = make("span");
    node.append(it[2] ? make("a", it[0], it[2]) : make("bdi", it[0]), ", " + it[3]);
    return node;
  }

  // The sources of an incident in a fold of its own.
  function sources(it) {
    var fold = make("details");
    fold.className = "sources";
    fold.append(make("summary", it[8].length === 1 ? "1 source" : it[8].length + " sources"));
    fold.addEventListener("toggle", function () {
      if (fold.children.length > 1) return;
      var list = make("ul");
      it[8].forEach(function (place) { var item = make("li"); item.append(source(place)); list.append(item); });
      fold.append(list);
    });
    return fold;
  }

  // A list of which the first entries are shown, and the rest when asked for.
  function listed(kind, entries, draw) {
    var list = make(kind);
    function add(some) { some.forEach(function (entry) { list.append(draw(entry)); }); }
    add(entries.slice(0, FIRST));
    text.append(list);
    if (entries.length <= FIRST) return;
    var more = make("button", "Show all " + entries.length);
    more.addEventListener("click", function () { add(entries.slice(FIRST)); more.remove(); });
    text.append(more);
  }

  // What a number is of: the head of its row and of its column, or the sentence in which it stands.
  function context(link) {
    var cell = link.closest("td");
    if (cell) {
      var heads = cell.closest("table").querySelectorAll("thead th");
      var row = cell.parentNode.cells[0];
      return (row === cell ? "" : row.textContent + ": ") + (heads[cell.cellIndex] ? heads[cell.cellIndex].textContent : "");
    }
    var block = link.closest("p, li");
    var before = document.createRange();
    before.setStart(block, 0);
    before.setEndBefore(link);
    var start = before.toString().split(/[.?!]["”)]?\s+(?=[A-Z0-9“])/).pop();
    var rest = block.textContent.slice(before.toString().length);
    var end = rest.search(/[.?!]["”)]?(\s+[A-Z0-9“]|\s*$)/);
    return start + (end < 0 ? rest : rest.slice(0, end + 1));
  }

  function open(link, fact) {
    title.textContent = link.textContent;
    text.textContent = "";
    var words = make("p", context(link));
    words.className = "context";
    text.append(words);
    if (fact[1]) text.append(make("p", fact[1] + "."));
    var rows = fact[2];
    if (rows.length) {
      text.append(make("p", rows.length === 1 ? "One attack:" : rows.length + " attacks:"));
      listed("ol", rows, function (n) {
        var it = data.incidents[n - 1];
        var item = make("li");
        item.value = n;
        item.append([it[1], it[2], it[4], it[5]].join("; "), sources(it));
        return item;
      });
    }
    fact[3].forEach(function (table) {
      text.append(make("p", table[0] + ":"));
      listed("ul", table[1], function (row) {
        var item = make("li");
        item.append(row[1] ? make("a", row[0], row[1]) : row[0]);
        return item;
      });
    });
    var place = link.getBoundingClientRect();
    box.style.top = window.scrollY + place.bottom + 6 + "px";
    box.showPopover();
    var left = Math.min(place.left, document.documentElement.clientWidth - box.offsetWidth - 12);
    box.style.left = Math.max(8, left) + "px";
    title.focus({ preventScroll: true });
    opener = link;
  }
  var opener = null;

  document.getElementById("behind-close").addEventListener("click", function () { box.hidePopover(); });
  box.addEventListener("toggle", function (event) {
    if (event.newState === "closed" && opener && (box.contains(document.activeElement) || document.activeElement === document.body)) opener.focus();
  });
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a.fact");
    var fact = link && data.facts[decodeURIComponent(link.hash.slice(1))];
    if (!fact || !box.showPopover || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link, fact);
  });

  // Folded lists: the attacks of a month, all sources.
  function row(it, n) {
    var line = make("tr");
    line.id = it[0];
    line.append(make("th", String(n)), make("td", it[1]), make("td", it[2] + ", " + it[3]), make("td", it[4]), make("td", it[5]));
    var by = make("td", it[6] + (it[7] ? "; claimed by " + it[7] : ""));
    by.append(sources(it));
    line.append(by);
    line.firstChild.scope = "row";
    return line;
  }
  function fill(fold) {
    if (fold.children.length > 1) return;
    if (fold.dataset.sources) {
      var list = make("ol");
      data.sources.forEach(function (it) {
        var item = make("li");
        var words = make(it[2] ? "a" : "bdi", it[1], it[2]);
        words.dir = "auto";
        item.append(it[0] + ", ", words, ", " + it[3] + (it[4] && it[4] !== "en" ? " [" + it[4] + "]" : ""));
        list.append(item);
      });
      fold.append(list);
      return;
    }
    var table = make("table");
    table.className = "incidents";
    var head = table.createTHead().insertRow();
    ["No.", "Day", "Place", "Weapon", "Harm", "Confirmed by"].forEach(function (words) {
      var cell = make("th", words);
      cell.scope = "col";
      head.append(cell);
    });
    var rows = table.createTBody();
    data.incidents.forEach(function (it, place) {
      if (it[9] === fold.dataset.incidents) rows.append(row(it, place + 1));
    });
    fold.append(table);
  }
  var folds = document.querySelectorAll("details.fold");
  folds.forEach(function (fold) { fold.addEventListener("toggle", function () { if (fold.open) fill(fold); }); });

  // Tables of the screen alone wait behind a fold.
  document.querySelectorAll("section.screen").forEach(function (section) {
    if (section.querySelector("details")) return;
    var fold = make("details");
    var head = make("summary", "Show");
    var aside = make("span", ": " + section.firstElementChild.firstChild.textContent);
    aside.className = "aside";
    head.append(aside);
    fold.className = "fold";
    fold.append(head);
    while (section.children.length > 1) fold.append(section.children[1]);
    section.append(fold);
  });

  // An address of an attack opens its month.
  function unfold() {
    var name = decodeURIComponent(location.hash.slice(1));
    var it = data.incidents.find(function (known) { return known[0] === name; });
    if (it) folds.forEach(function (fold) {
      if (fold.dataset.incidents === it[9]) { fill(fold); fold.open = true; }
    });
    var target = name && document.getElementById(name);
    if (target && it) target.scrollIntoView();
    var link = name && document.querySelector('a.fact[href="#' + CSS.escape(name) + '"]');
    var closed = link && link.closest("details");
    if (closed) closed.open = true;
    if (link && data.facts[name]) { link.scrollIntoView({ block: "center" }); open(link, data.facts[name]); }
  }
  window.addEventListener("hashchange", unfold);
  if (location.hash) unfold();

  // The contents say where the reader is; on a phone they close behind a choice.
  var links = Array.prototype.slice.call(contents.querySelectorAll('a[href^="#"]'));
  var heads = links.map(function (link) { return document.getElementById(link.hash.slice(1)); });
  var here = document.getElementById("here");
  if (narrow.matches) contents.open = false;
  links.forEach(function (link) { link.addEventListener("click", function () { if (narrow.matches) contents.open = false; }); });
  function follow() {
    var now = -1;
    heads.forEach(function (head, place) { if (head && head.getBoundingClientRect().top < 120) now = place; });
    links.forEach(function (link, place) {
      if (place === now) link.setAttribute("aria-current", "location"); else link.removeAttribute("aria-current");
    });
    here.textContent = now < 0 ? "" : ": " + links[now].textContent;
  }
  // A table that is wider than the page can be scrolled by keyboard.
  function reach(within) {
    within.querySelectorAll("table").forEach(function (table) { if (table.scrollWidth > table.clientWidth) table.tabIndex = 0; });
  }
  reach(document);
  document.querySelectorAll("details.fold").forEach(function (fold) {
    fold.addEventListener("toggle", function () { reach(fold); });
  });
  window.addEventListener("scroll", function () { window.requestAnimationFrame(follow); }, { passive: true });
  follow();
})();
