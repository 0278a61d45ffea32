-- What lies at a location, and what moved there; what is to be ordered; what a change of staff's moved.

CREATE INDEX stock_location ON stock (location_id);
CREATE INDEX stock_reorder ON stock (variant_id) WHERE reorder_level IS NOT NULL;
CREATE INDEX stock_movements_location ON stock_movements (location_id, id);
CREATE INDEX stock_movements_audit ON stock_movements (audit_id) WHERE audit_id IS NOT NULL;
