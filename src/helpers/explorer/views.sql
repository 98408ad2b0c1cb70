-- Views of the SQLite export: name: what it shows; then its query.
-- incident_reports: Each report beside the incident that it is linked to, with outlet, title and address of its source
SELECT i.incident_id, i.date AS incident_date, i.site_name, i.country, r.report_id, r.date AS report_date,
  r.weapon_as_reported, r.place_as_reported, r.us_injured_low, r.us_injured_high, r.confirmation, s.outlet,
  s.title, s.url, s.published
FROM incidents i JOIN reports r USING (incident_id) JOIN sources s USING (source_id)
ORDER BY i.date, i.incident_id, r.report_id;
-- weeks: Incidents by week (from its Monday) and heaviest weapon
SELECT date(date, '-6 days', 'weekday 1') AS week, top_weapon, count(*) AS incidents,
  sum(us_killed) AS us_killed, sum(us_injured_best) AS us_injured
FROM incidents GROUP BY week, top_weapon ORDER BY week, top_weapon;
-- sites_attacked: Sites with their incidents, first and last day
SELECT site_id, site_name, country, latitude, longitude, count(*) AS incidents, min(date) AS first,
  max(date) AS last, sum(confirmation = 'us_official') AS confirmed_by_us_official
FROM incidents GROUP BY site_id ORDER BY incidents DESC, site_id;
-- disagreements: Fields on which reports disagree, by how many incidents
SELECT field, count(DISTINCT incident_id) AS incidents, count(*) AS other_values
FROM conflicts GROUP BY field ORDER BY incidents DESC, field;
