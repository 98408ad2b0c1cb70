// Numbers open what they rest on. Without this script they are links to the list of evidence.
(function () {
  "use strict";
  var contents = document.getElementById("contents");
  if (contents && window.matchMedia("(max-width: 61.99rem)").matches) contents.open = false;
  var box = document.getElementById("behind");
  var heading = document.getElementById("behind-title");
  var text = document.getElementById("behind-text");
  if (!box || !box.showModal) return;

  function rowsOf(ranges) {
    var rows = [];
    (ranges || "").split(", ").forEach(function (part) {
      if (!part) return;
      var ends = part.split("–").map(Number);
      for (var n = ends[0]; n <= ends[ends.length - 1]; n++) {
        var row = document.querySelector('tr[data-n="' + n + '"]');
        if (row) rows.push(row);
      }
    });
    return rows;
  }

  function open(entry) {
    var rows = rowsOf(entry.dataset.n);
    heading.textContent = entry.querySelector(".printed").textContent;
    text.textContent = "";
    var note = entry.querySelector(".note");
    if (note) text.append(note.cloneNode(true));
    if (rows.length) {
      var head = document.createElement("p");
      head.textContent = "rests on " + rows.length + (rows.length === 1 ? " incident:" : " incidents:");
      var list = document.createElement("ol");
      rows.forEach(function (row) {
        var item = document.createElement("li");
        var to = document.createElement("a");
        item.value = Number(row.dataset.n);
        to.href = "#" + row.id;
        to.textContent = [1, 2, 3].map(function (n) { return row.cells[n].textContent; }).join(", ");
        item.append(to);
        list.append(item);
      });
      text.append(head, list);
    }
    entry.querySelectorAll(".rows, .rows + ul").forEach(function (part) {
      text.append(part.cloneNode(true));
    });
    box.showModal();
    box.scrollTop = 0;
    heading.focus();
  }

  document.addEventListener("click", function (event) {
    var to = event.target.closest("a");
    if (to && box.contains(to) && to.hash && to.getAttribute("href")[0] === "#") return box.close();
    if (event.target === box) return box.close();
    if (!to || !to.classList.contains("fact") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    var entry = document.getElementById(decodeURIComponent(to.hash.slice(1)));
    if (!entry) return;
    event.preventDefault();
    open(entry);
  });

  // A link into a folded list unfolds it.
  function unfold() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (var part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  if (location.hash) unfold();
})();
